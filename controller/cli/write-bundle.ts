import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Bundle } from "@modelfleet/protocol";
import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";
import { createProgress } from "./render/progress.ts";

/**
 * The folder a device without a network takes its order from (protocol.md 5.7). The order itself is written last, so
 * that a folder that has one is whole.
 *
 * @throws CliError FILE when the folder holds something already; REFUSED, BROKEN_OFF of the downloads
 */
export async function writeBundle(context: Context, bundle: Bundle, folder: string): Promise<void> {
  await makeEmpty(folder);
  for (const name of ["roots", "releases", "blobs"]) await mkdir(join(folder, name));
  for (const { version, envelope } of bundle.roots) {
    await writeEnvelope(join(folder, "roots", `${version}.json`), envelope);
  }
  for (const { release, envelope } of bundle.releases) {
    await writeEnvelope(join(folder, "releases", `${release}.json`), envelope);
  }
  await writeFiles(context, bundle, folder);
  const order = join(folder, "desired.json");
  await writeEnvelope(`${order}.part`, bundle.desired);
  await rename(`${order}.part`, order);
}

async function makeEmpty(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const [first] = await readdir(folder);
  if (first === undefined) return;
  throw new CliError("FILE", `expected a new or empty folder, got ${folder} with ${first} in it`);
}

function writeEnvelope(path: string, base64: string): Promise<void> {
  return writeFile(path, Buffer.from(base64, "base64"));
}

async function writeFiles(context: Context, bundle: Bundle, folder: string): Promise<void> {
  const total = bundle.files.reduce((sum, { size }) => sum + size, 0);
  const progress = createProgress(context.terminal, `fetching files for ${bundle.device}`);
  let done = 0;
  try {
    for (const file of bundle.files) {
      const path = join(folder, "blobs", file.sha256);
      await fetchFile(context, file, path, (bytes) => {
        done += bytes;
        progress.update(done, total);
      });
    }
  } finally {
    progress.end();
  }
}

async function fetchFile(
  context: Context,
  file: Bundle["files"][number],
  path: string,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const body = await context.api.download(`/v1/blobs/${file.sha256}`);
  const hash = createHash("sha256");
  let size = 0;
  const counted = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk);
      size += chunk.length;
      onBytes(chunk.length);
      done(size > file.size ? new CliError("BAD_ANSWER", tooLong(file)) : null, chunk);
    },
  });
  await pipeline(body, counted, createWriteStream(path, { flags: "wx" }));
  if (hash.digest("hex") === file.sha256 && size === file.size) return;
  throw new CliError("BAD_ANSWER", `expected the file ${file.sha256}, got other bytes: try again`);
}

function tooLong({ sha256, size }: Bundle["files"][number]): string {
  return `expected ${size} bytes of file ${sha256}, got more: try again`;
}
