import { createHash } from "node:crypto";
import { join } from "node:path";
import { type ReleaseFile, storeLimits } from "@modelfleet/protocol";
import { StoreError } from "../../domain/store-error.ts";
import type { Fs } from "../../ports/fs.ts";
import type { PartialBlob } from "../../ports/model-store.ts";
import { openPartialFile } from "./partial-file.ts";
import { systemCode } from "./store-failure.ts";
import { readEach, withFile } from "./whole-file.ts";

/** Model files by digest; on disk only digests are names (store.md 1). */
export class BlobFolder {
  readonly #fs: Fs;
  readonly #blobs: string;
  readonly #partial: string;

  constructor(fs: Fs, folder: string) {
    this.#fs = fs;
    this.#blobs = join(folder, "blobs");
    this.#partial = join(folder, "partial");
  }

  async prepare(): Promise<void> {
    await this.#fs.makeFolder(this.#blobs, 0o755);
    await this.#fs.makeFolder(this.#partial, 0o700);
  }

  pathOf(file: ReleaseFile): string {
    return join(this.#blobs, file.sha256);
  }

  async holds(file: ReleaseFile): Promise<boolean> {
    const found = await this.#fs.stat(this.pathOf(file));
    return found?.isPlain === true && found.sizeBytes === file.size;
  }

  /** Hash it again; what has other bytes than its name says, or is not plainly a file of ours, is removed and fetched again. */
  async verify(file: ReleaseFile): Promise<boolean> {
    const path = this.pathOf(file);
    const found = await this.#fs.stat(path);
    if (found?.isPlain !== true) {
      await this.#fs.remove(path);
      return false;
    }
    const hash = createHash("sha256");
    const read = await withFile(this.#fs, path, { kind: "read" }, (opened) =>
      readEach(opened, file.size + 1, (piece) => hash.update(piece)),
    ).catch((cause: unknown) => {
      if (systemCode(cause) === "ENOENT") return -1;
      throw cause;
    });
    const good = read === file.size && hash.digest("hex") === file.sha256;
    if (!good) await this.#fs.remove(path);
    return good;
  }

  openPartial(file: ReleaseFile): Promise<PartialBlob> {
    const paths = { partial: join(this.#partial, file.sha256), blob: this.pathOf(file) };
    return openPartialFile(this.#fs, file, paths);
  }

  /** @throws StoreError NO_SPACE unless the missing bytes fit beside the reserve */
  async requireSpace(missingBytes: number): Promise<void> {
    const { freeBytes, totalBytes } = await this.#fs.space(this.#blobs);
    const { spaceReserveBytesMin, spaceReserveShareMax } = storeLimits;
    const reserveBytes = Math.min(spaceReserveBytesMin, totalBytes * spaceReserveShareMax);
    if (missingBytes + reserveBytes <= freeBytes) return;
    const needs = `${missingBytes} bytes and a reserve of ${Math.round(reserveBytes)}`;
    throw new StoreError("NO_SPACE", `expected room for ${needs}, got ${freeBytes} free`);
  }

  /** Bytes of these files that earlier attempts already brought. */
  async partialBytes(files: readonly ReleaseFile[]): Promise<number> {
    let bytes = 0;
    for (const file of files) {
      bytes += (await this.#fs.stat(join(this.#partial, file.sha256)))?.sizeBytes ?? 0;
    }
    return bytes;
  }

  async collect(keep: ReadonlySet<string>): Promise<void> {
    for (const name of await this.#fs.list(this.#blobs)) {
      if (!keep.has(name)) await this.#fs.remove(join(this.#blobs, name));
    }
    for (const name of await this.#fs.list(this.#partial)) {
      if (!keep.has(name) || (await this.#isInPlace(name))) {
        await this.#fs.remove(join(this.#partial, name));
      }
    }
  }

  /** Where a rename is not atomic, a power cut leaves a file under both its names. */
  async #isInPlace(name: string): Promise<boolean> {
    return (await this.#fs.stat(join(this.#blobs, name))) !== undefined;
  }
}
