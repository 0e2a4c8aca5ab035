import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { blobLimits, type ReleaseManifest, type ReleasePath, Sha256 } from "@modelfleet/protocol";
import type { Files, ReadableFile } from "../src/app/release/inspect-upload.ts";
import { CliError } from "./cli-error.ts";

const CHUNK_BYTES = 1024 * 1024;

/** The files of a release folder as the controller sees those of an upload; closed when disposed. */
export interface LocalFiles extends Disposable {
  readonly files: Files;
}

/** Opens and hashes every file a manifest names. @throws CliError FILE */
export function openLocalFiles(folder: string, manifest: ReleaseManifest): LocalFiles {
  const open: number[] = [];
  const close = () => {
    for (const descriptor of open.splice(0)) closeSync(descriptor);
  };
  try {
    const files = namedPaths(manifest).map((path) => {
      const descriptor = openFile(join(folder, path));
      open.push(descriptor);
      return [path, { path, blob: readable(descriptor, join(folder, path)) }] as const;
    });
    return { files: new Map(files), [Symbol.dispose]: close };
  } catch (error) {
    close();
    throw error;
  }
}

export function namedPaths(manifest: ReleaseManifest): readonly ReleasePath[] {
  const { entry, selfTest, drift } = manifest;
  return [entry, selfTest?.file, drift?.baseline].filter((path) => path !== undefined);
}

function openFile(path: string): number {
  try {
    return openSync(path, "r");
  } catch (cause) {
    throw new CliError("FILE", `${path}: cannot be read: ${String(cause)}`, { cause });
  }
}

function readable(descriptor: number, path: string): ReadableFile {
  const { size: sizeBytes } = fstatSync(descriptor);
  if (sizeBytes === 0 || sizeBytes > blobLimits.blobBytesMax) {
    const expected = `expected 1 to ${blobLimits.blobBytesMax} bytes`;
    throw new CliError("FILE", `${path}: ${expected}, got ${sizeBytes}`);
  }
  const readAt = (offset: number, length: number): Uint8Array => {
    const buffer = new Uint8Array(Math.min(length, Math.max(0, sizeBytes - offset)));
    return buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, offset));
  };
  return { sha256: hashOf(sizeBytes, readAt), sizeBytes, readAt };
}

function hashOf(sizeBytes: number, readAt: ReadableFile["readAt"]): Sha256 {
  const hash = createHash("sha256");
  for (let offset = 0; offset < sizeBytes; offset += CHUNK_BYTES) {
    hash.update(readAt(offset, CHUNK_BYTES));
  }
  return Sha256.parse(hash.digest("hex"));
}
