import { copyFile, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { documentLimits } from "@modelfleet/protocol";
import { ExchangeError } from "../../domain/exchange-error.ts";
import { boundedFile } from "./bounded-file.ts";
import { exchangePaths } from "./exchange-folder.ts";

/** What may lie in each folder of a bundle, and how many of it; nothing else is looked at. */
const parts = [
  { folder: "roots", name: /^[1-9]\d{0,15}\.json$/, filesMax: documentLimits.rootStepsPerCycleMax },
  {
    folder: "releases",
    name: /^[0-9a-f]{64}\.json$/,
    filesMax: documentLimits.modelsPerDesiredMax,
  },
  {
    folder: "blobs",
    name: /^[0-9a-f]{64}$/,
    filesMax: documentLimits.modelsPerDesiredMax * documentLimits.filesPerReleaseMax,
  },
] as const;

/**
 * Copies a bundle into the agent's data folder, in the place of the one before; the order comes last.
 *
 * @throws ExchangeError BUNDLE when it cannot be read
 */
export async function takeBundle(from: string, dataFolder: string): Promise<void> {
  const { folder, bundle } = exchangePaths(dataFolder);
  const incoming = join(folder, "incoming");
  await rm(incoming, { recursive: true, force: true });
  await mkdir(incoming, { recursive: true, mode: 0o700 });
  try {
    for (const part of parts) await copyPart(from, incoming, part);
    await copyFile(join(from, "desired.json"), join(incoming, "desired.json"));
  } catch (cause) {
    if (cause instanceof ExchangeError) throw cause;
    throw new ExchangeError("BUNDLE", `${from}: cannot be copied: ${String(cause)}`, { cause });
  }
  await rm(bundle, { recursive: true, force: true });
  await rename(incoming, bundle);
}

/** What was taken is not needed any more: its files are in the store. */
export async function dropBundle(dataFolder: string): Promise<void> {
  await rm(exchangePaths(dataFolder).bundle, { recursive: true, force: true });
}

/** The envelope of the order in a bundle. @throws ExchangeError BUNDLE when there is none */
export async function readOrder(from: string): Promise<Uint8Array> {
  const path = join(from, "desired.json");
  const order = await boundedFile(path, documentLimits.envelopeBytesMax);
  if (order !== undefined) return order;
  const way = "write one with: modelfleet bundle export";
  throw new ExchangeError("BUNDLE", `expected a bundle with an order in ${path}: ${way}`);
}

async function copyPart(from: string, to: string, part: (typeof parts)[number]): Promise<void> {
  await mkdir(join(to, part.folder), { mode: 0o700 });
  const listed = await readdir(join(from, part.folder), { withFileTypes: true });
  const files = listed.filter((entry) => entry.isFile() && part.name.test(entry.name));
  if (files.length > part.filesMax) {
    const got = `expected at most ${part.filesMax} files in ${part.folder}, got ${files.length}`;
    throw new ExchangeError("BUNDLE", got);
  }
  for (const { name } of files) {
    await copyFile(join(from, part.folder, name), join(to, part.folder, name));
  }
}
