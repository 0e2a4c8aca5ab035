import { createHash, randomUUID } from "node:crypto";
import { readSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { Sha256 } from "@modelfleet/protocol";
import { StoreError } from "../../domain/errors.ts";
import type { BlobUpload, StagedBlob } from "../../ports/blob-store.ts";
import { storeError } from "./store-error.ts";

export interface UploadPlaces {
  readonly blobs: string;
  readonly partial: string;
}

/** A file on its way in: written under a name of its own, synced, renamed to its digest, the folder synced. */
export class FolderUpload implements BlobUpload {
  readonly #places: UploadPlaces;
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #hash = createHash("sha256");
  #bytes = 0;
  #isOpen = true;
  #isCommitted = false;

  private constructor(places: UploadPlaces, path: string, file: FileHandle) {
    this.#places = places;
    this.#path = path;
    this.#file = file;
  }

  static async begin(places: UploadPlaces): Promise<FolderUpload> {
    const path = join(places.partial, randomUUID());
    try {
      return new FolderUpload(places, path, await open(path, "wx+", 0o600));
    } catch (error) {
      throw storeError(error, places.partial);
    }
  }

  readonly write = async (chunk: Uint8Array): Promise<void> => {
    this.#hash.update(chunk);
    for (let done = 0; done < chunk.length; ) {
      done += await this.#writeSome(chunk.subarray(done), this.#bytes + done);
    }
    this.#bytes += chunk.length;
  };

  readonly finish = async (): Promise<StagedBlob> => {
    try {
      await this.#file.chmod(0o444);
      await this.#file.sync();
    } catch (error) {
      throw storeError(error, this.#places.partial);
    }
    const { size } = await this.#file.stat();
    if (size !== this.#bytes) {
      throw new StoreError("STORE_FAILED", `expected ${this.#bytes} bytes on disk, got ${size}`);
    }
    const sha256 = Sha256.parse(this.#hash.digest("hex"));
    return {
      sha256,
      sizeBytes: size,
      readAt: (offset, length) => this.#readAt(offset, length),
      commit: () => this.#commit(sha256),
    };
  };

  readonly discard = async (): Promise<void> => {
    if (this.#isOpen) {
      this.#isOpen = false;
      await this.#file.close();
    }
    if (!this.#isCommitted) await rm(this.#path, { force: true });
  };

  async #writeSome(bytes: Uint8Array, at: number): Promise<number> {
    try {
      return (await this.#file.write(bytes, 0, bytes.length, at)).bytesWritten;
    } catch (error) {
      throw storeError(error, this.#places.partial);
    }
  }

  #readAt(offset: number, length: number): Uint8Array {
    const buffer = new Uint8Array(Math.max(0, Math.min(length, this.#bytes - offset)));
    let filled = 0;
    while (filled < buffer.length) {
      const room = buffer.length - filled;
      const count = readSync(this.#file.fd, buffer, filled, room, offset + filled);
      if (count === 0) break;
      filled += count;
    }
    return buffer.subarray(0, filled);
  }

  async #commit(sha256: Sha256): Promise<void> {
    try {
      await rename(this.#path, join(this.#places.blobs, sha256));
      this.#isCommitted = true;
      await syncFolder(this.#places.blobs);
    } catch (error) {
      throw storeError(error, this.#places.blobs);
    }
  }
}

/** A new name is durable when its folder is. */
async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, "r");
  await folder.sync();
}
