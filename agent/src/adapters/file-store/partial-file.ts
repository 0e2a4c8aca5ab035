import { createHash, type Hash } from "node:crypto";
import { dirname } from "node:path";
import type { ReleaseFile } from "@modelfleet/protocol";
import { StoreError } from "../../domain/store-error.ts";
import type { Fs, FsFile } from "../../ports/fs.ts";
import type { PartialBlob } from "../../ports/model-store.ts";
import { storeFailure } from "./store-failure.ts";
import { readEach, writeAll } from "./whole-file.ts";

export interface PartialPaths {
  readonly partial: string;
  readonly blob: string;
}

/** A file on its way in: what an earlier attempt left is hashed again and continued (store.md 3.3). */
export async function openPartialFile(
  fs: Fs,
  file: ReleaseFile,
  paths: PartialPaths,
): Promise<PartialBlob> {
  try {
    const opened = new PartialFile(fs, file, paths);
    await opened.open();
    return opened.port();
  } catch (cause) {
    throw storeFailure(`opening ${paths.partial}`, cause);
  }
}

class PartialFile {
  readonly #fs: Fs;
  readonly #file: ReleaseFile;
  readonly #paths: PartialPaths;
  #handle: FsFile | undefined;
  #hash: Hash = createHash("sha256");
  #have = 0;

  constructor(fs: Fs, file: ReleaseFile, paths: PartialPaths) {
    this.#fs = fs;
    this.#file = file;
    this.#paths = paths;
  }

  port(): PartialBlob {
    return {
      haveBytes: () => this.#have,
      append: (bytes) => this.#told("downloading", () => this.#append(bytes)),
      restart: () => this.#told("restarting a download", () => this.#restart()),
      finish: () => this.#told("finishing a download", () => this.#finish()),
      close: () => this.#told("closing a download", () => this.#close()),
    };
  }

  async open(): Promise<void> {
    const { partial } = this.#paths;
    let found = await this.#fs.stat(partial);
    if (found?.isPlain === false) {
      // A link, a folder, a pipe, a second name of somebody's file: never written through, always replaced.
      await this.#fs.remove(partial);
      found = undefined;
    }
    const mode = { kind: "create-new", permissions: 0o644 } as const;
    this.#handle = await this.#fs.open(partial, found === undefined ? mode : { kind: "update" });
    if (found === undefined) return;
    if (found.sizeBytes > this.#file.size) return this.#restart();
    this.#have = await readEach(this.#opened(), found.sizeBytes, (piece) => {
      this.#hash.update(piece);
    });
  }

  async #append(bytes: Uint8Array): Promise<void> {
    if (this.#have + bytes.length > this.#file.size) {
      throw new RangeError(`expected at most ${this.#file.size} bytes of ${this.#file.sha256}`);
    }
    await writeAll(this.#opened(), bytes, this.#have);
    this.#hash.update(bytes);
    this.#have += bytes.length;
  }

  async #restart(): Promise<void> {
    await this.#opened().truncate(0);
    this.#hash = createHash("sha256");
    this.#have = 0;
  }

  async #finish(): Promise<void> {
    await this.#opened().sync();
    await this.#close();
    const digest = this.#hash.digest("hex");
    const { size, sha256 } = this.#file;
    if (this.#have !== size || digest !== sha256) {
      await this.#fs.remove(this.#paths.partial);
      const came = `${this.#have} bytes with digest ${digest}`;
      throw new StoreError("DIGEST", `expected ${size} bytes with digest ${sha256}, got ${came}`);
    }
    await this.#fs.setPermissions(this.#paths.partial, 0o444);
    const inTheWay = await this.#fs.stat(this.#paths.blob);
    if (inTheWay?.isPlain === false) await this.#fs.remove(this.#paths.blob);
    await this.#fs.rename(this.#paths.partial, this.#paths.blob);
    await this.#fs.syncFolder(dirname(this.#paths.blob));
    await this.#fs.syncFolder(dirname(this.#paths.partial));
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  #opened(): FsFile {
    if (this.#handle === undefined) throw new RangeError("expected an open download");
    return this.#handle;
  }

  async #told(doing: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (cause) {
      if (cause instanceof RangeError) throw cause;
      throw storeFailure(doing, cause);
    }
  }
}
