import { randomUUID } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { decodeBase64, encodeBase64 } from "@modelfleet/protocol";
import { KeyError } from "../../domain/errors.ts";
import type { Clock } from "../../ports/clock.ts";

const SEED_BYTES = 32;
const SEED_FILE_BYTES_MAX = 64;
const OTHERS = 0o077;

/** @returns undefined when the file is not there @throws KeyError KEY_INVALID */
export async function readSeed(path: string): Promise<Uint8Array | undefined> {
  const text = await readDocument(path, SEED_FILE_BYTES_MAX);
  if (text === undefined) return undefined;
  const { mode } = await stat(path);
  if ((mode & OTHERS) !== 0) {
    throw new KeyError("KEY_INVALID", `expected only its owner to read ${path}: chmod 600 ${path}`);
  }
  const seed = decodeBase64(new TextDecoder().decode(text).trim());
  if (seed?.length === SEED_BYTES) return seed;
  throw new KeyError("KEY_INVALID", `${path}: expected a seed of 32 bytes in base64`);
}

/** The seed that is there, or a new one, stored. */
export async function makeSeed(path: string, clock: Clock): Promise<Uint8Array> {
  const known = await readSeed(path);
  if (known !== undefined) return known;
  const seed = clock.randomBytes(SEED_BYTES);
  await writeDurably(path, new TextEncoder().encode(`${encodeBase64(seed)}\n`));
  return seed;
}

/** @returns undefined when the file is not there @throws KeyError KEY_INVALID when it is larger than `bytesMax` */
export async function readDocument(
  path: string,
  bytesMax: number,
): Promise<Uint8Array | undefined> {
  const file = await openExisting(path);
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    if (size <= bytesMax) return new Uint8Array(await file.readFile());
    throw new KeyError("KEY_INVALID", `${path}: expected at most ${bytesMax} bytes, got ${size}`);
  } finally {
    await file.close();
  }
}

/** The whole file or none, readable by its owner alone unless told otherwise, on disk when resolved. */
export async function writeDurably(path: string, bytes: Uint8Array, mode = 0o600): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    const file = await open(temporary, "wx", mode);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
  await using folder = await open(dirname(path), "r");
  await folder.sync();
}

async function openExisting(path: string) {
  try {
    return await open(path, "r");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
