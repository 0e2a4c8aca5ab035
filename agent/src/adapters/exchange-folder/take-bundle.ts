import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, opendir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { blobLimits, documentLimits } from "@modelfleet/protocol";
import { ExchangeError } from "../../domain/exchange-error.ts";
import { boundedFile, openQuietly } from "./bounded-file.ts";
import { exchangePaths } from "./exchange-folder.ts";

const { envelopeBytesMax, modelsPerDesiredMax, filesPerReleaseMax } = documentLimits;

interface Part {
  readonly folder: string;
  readonly name: RegExp;
  readonly filesMax: number;
  readonly bytesMax: number;
  /** Each file's name is the digest of its bytes. */
  readonly isNamedByDigest?: boolean;
}

/** What may lie in each folder of a bundle, how many of it and how large; nothing else is looked at. */
const parts: readonly Part[] = [
  {
    folder: "roots",
    name: /^[1-9]\d{0,15}\.json$/,
    filesMax: documentLimits.rootStepsPerCycleMax,
    bytesMax: envelopeBytesMax,
  },
  {
    folder: "releases",
    name: /^[0-9a-f]{64}\.json$/,
    filesMax: modelsPerDesiredMax,
    bytesMax: envelopeBytesMax,
  },
  {
    folder: "blobs",
    name: /^[0-9a-f]{64}$/,
    filesMax: modelsPerDesiredMax * filesPerReleaseMax,
    bytesMax: blobLimits.blobBytesMax,
    isNamedByDigest: true,
  },
];

/**
 * Copies a bundle into the agent's data folder, in the place of the one before; the order comes last. What cannot be taken
 * whole leaves nothing behind: the disk it would fill is the agent's.
 *
 * @throws ExchangeError BUNDLE when it cannot be read or is damaged
 */
export async function takeBundle(from: string, dataFolder: string): Promise<void> {
  const { folder, bundle } = exchangePaths(dataFolder);
  const incoming = join(folder, "incoming");
  try {
    await rm(incoming, { recursive: true, force: true });
    await mkdir(incoming, { recursive: true, mode: 0o700 });
    for (const part of parts) await copyPart(from, incoming, part);
    await copyFile(from, incoming, { name: "desired.json", bytesMax: envelopeBytesMax });
    await rm(bundle, { recursive: true, force: true });
    await rename(incoming, bundle);
  } catch (cause) {
    await rm(incoming, { recursive: true, force: true }).catch(() => undefined);
    if (cause instanceof ExchangeError) throw cause;
    throw new ExchangeError("BUNDLE", `${from}: cannot be copied: ${String(cause)}`, { cause });
  }
}

/** What was taken is not needed any more: its files are in the store. */
export async function dropBundle(dataFolder: string): Promise<void> {
  await rm(exchangePaths(dataFolder).bundle, { recursive: true, force: true });
}

/** The envelope of the order in a bundle. @throws ExchangeError BUNDLE when there is none */
export async function readOrder(from: string): Promise<Uint8Array> {
  const path = join(from, "desired.json");
  const order = await boundedFile(path, envelopeBytesMax);
  if (order !== undefined) return order;
  const way = "write one with: modelfleet bundle export";
  throw new ExchangeError("BUNDLE", `expected a bundle with an order in ${path}: ${way}`);
}

async function copyPart(from: string, to: string, part: Part): Promise<void> {
  await mkdir(join(to, part.folder), { mode: 0o700 });
  const names = await namesIn(join(from, part.folder), part);
  for (const name of names) {
    await copyFile(join(from, part.folder), join(to, part.folder), { ...part, name });
  }
}

/** None where there is no such folder: what packs a bundle for the way may leave out an empty one. */
async function namesIn(path: string, { folder, name, filesMax }: Part): Promise<readonly string[]> {
  const names: string[] = [];
  try {
    for await (const entry of await opendir(path)) {
      if (!entry.isFile() || !name.test(entry.name)) continue;
      if (names.length === filesMax) {
        throw new ExchangeError(
          "BUNDLE",
          `expected at most ${filesMax} files in ${folder}, got more`,
        );
      }
      names.push(entry.name);
    }
  } catch (cause) {
    const isAbsent = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    if (!isAbsent) throw cause;
  }
  return names;
}

interface Copied extends Pick<Part, "bytesMax" | "isNamedByDigest"> {
  readonly name: string;
}

/** A damaged copy is found here, while whoever carried it stands by; what it says is not judged. */
async function copyFile(from: string, to: string, file: Copied): Promise<void> {
  const { name, bytesMax, isNamedByDigest = false } = file;
  const path = join(from, name);
  await using source = await openQuietly(path);
  if (source === undefined || !(await source.stat()).isFile()) {
    throw new ExchangeError("BUNDLE", `${path}: expected a file that can be read`);
  }
  const hash = createHash("sha256");
  const reading = createReadStream(path, { fd: source, autoClose: false });
  const writing = createWriteStream(join(to, name), { flags: "wx", mode: 0o600 });
  await pipeline(reading, bounded(path, bytesMax, hash), writing);
  if (!isNamedByDigest || hash.digest("hex") === name) return;
  const way = "copy it again, or write it anew with: modelfleet bundle export";
  throw new ExchangeError("BUNDLE", `${path}: expected bytes with this digest, got others: ${way}`);
}

function bounded(path: string, bytesMax: number, hash: ReturnType<typeof createHash>): Transform {
  let bytes = 0;
  return new Transform({
    transform: (piece: Buffer, _encoding, done) => {
      bytes += piece.length;
      hash.update(piece);
      if (bytes <= bytesMax) done(null, piece);
      else
        done(new ExchangeError("BUNDLE", `${path}: expected at most ${bytesMax} bytes, got more`));
    },
  });
}
