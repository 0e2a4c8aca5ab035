import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { join } from "node:path";
import { blobLimits, type ReleaseManifest, Sha256 } from "@modelfleet/protocol";
import type { Files, ReadableFile } from "../src/app/release/inspect-upload.ts";
import { CliError } from "./cli-error.ts";
import { releasePaths } from "./release-paths.ts";

const CHUNK_BYTES = 1024 * 1024;

/** The files of a release folder as the controller sees those of an upload; closed when disposed. */
export interface LocalFiles extends Disposable {
  readonly files: Files;
  /** What is hashed and what is scanned must be the same bytes. @throws CliError FILE when somebody wrote meanwhile */
  readonly refuseChanged: () => void;
}

/** Opens and hashes every file of a release. @throws CliError FILE */
export function openLocalFiles(folder: string, manifest: ReleaseManifest): LocalFiles {
  const opened: OpenFile[] = [];
  const close = () => {
    for (const { descriptor } of opened.splice(0)) closeSync(descriptor);
  };
  try {
    const files = releasePaths(folder, manifest).map((path) => {
      const file = openFile(join(folder, path));
      opened.push(file);
      return [path, { path, blob: readable(file) }] as const;
    });
    const refuseChanged = () => opened.forEach(refuseChange);
    return { files: new Map(files), refuseChanged, [Symbol.dispose]: close };
  } catch (error) {
    close();
    throw error;
  }
}

interface OpenFile {
  readonly path: string;
  readonly descriptor: number;
  readonly found: Stats;
}

function openFile(path: string): OpenFile {
  try {
    // A pipe would keep us waiting for who writes into it.
    const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return { path, descriptor, found: fstatSync(descriptor) };
  } catch (cause) {
    throw new CliError("FILE", `${path}: cannot be read: ${String(cause)}`, { cause });
  }
}

function refuseChange({ path, descriptor, found }: OpenFile): void {
  const { size, mtimeMs } = fstatSync(descriptor);
  if (size === found.size && mtimeMs === found.mtimeMs) return;
  throw new CliError("FILE", `${path}: was changed while it was read: try again`);
}

function readable({ path, descriptor, found }: OpenFile): ReadableFile {
  const { size: sizeBytes } = found;
  if (!found.isFile()) {
    throw new CliError("FILE", `${path}: expected a file, got a folder or a pipe`);
  }
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
