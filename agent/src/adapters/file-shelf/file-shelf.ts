import { shelfLimits } from "@modelfleet/protocol";
import { StoreError } from "../../domain/store-error.ts";
import type { DurableWrite, Fs, FsFile } from "../../ports/fs.ts";
import type { NewShelfRecord, ShelfRecord, WindowShelf } from "../../ports/window-shelf.ts";
import { goneBytes, parseShelf, recordBytes, type ShelfContent, shelfFile } from "./shelf-bytes.ts";

export interface FileShelfOptions {
  readonly fs: Fs;
  readonly write: DurableWrite;
  readonly path: string;
  /** Of the file. */
  readonly bytesMax?: number;
}

/** Opens what earlier starts left. What a power cut tore is not there; a file that cannot be read counts as empty, and is set aside. */
export async function openFileShelf(options: FileShelfOptions): Promise<WindowShelf> {
  const shelf = new FileShelf(options);
  await shelf.open();
  return shelf;
}

type Held = Omit<ShelfContent, "wholeBytes">;

/**
 * One file that grows (protocol.md 3.8).
 *
 * 1. Calls take turns.
 * 2. What changes is written behind the rest and synced; a shelf whose file would be too long, or of whose end it is not
 *    known what the disk has of it, is written anew as a whole, and put in the place of the old file in one go.
 * 3. Nothing counts as held, or as gone, before the disk has it.
 */
class FileShelf implements WindowShelf {
  readonly #options: FileShelfOptions;
  #content: Held = { records: [], dropped: 0, nextId: 0 };
  /** Bytes of the file; undefined while its end is not known. */
  #sizeBytes: number | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: FileShelfOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const file = await this.#read().catch(() => undefined);
    if (file === undefined) return;
    const { wholeBytes, ...content } = parseShelf(file);
    if (file.length > 0 && wholeBytes === 0) await this.#setAside();
    this.#content = content;
    this.#sizeBytes = wholeBytes === file.length ? wholeBytes : undefined;
  }

  /** What is no shelf at all, or that of another version of the program, is for people to look at. */
  async #setAside(): Promise<void> {
    const { fs, path } = this.#options;
    await fs.rename(path, `${path}.damaged`).catch(() => undefined);
  }

  held(): readonly ShelfRecord[] {
    return this.#content.records;
  }

  dropped(): number {
    return this.#content.dropped;
  }

  fileBytes(): number {
    return this.#sizeBytes ?? 0;
  }

  add(added: readonly NewShelfRecord[]): Promise<void> {
    return this.#inTurn(() => {
      const { records, dropped, nextId } = this.#content;
      const numbered = withIds(added, nextId);
      const all = { records: [...records, ...numbered], dropped, nextId: nextId + added.length };
      return this.#become(all, recordBytes(numbered));
    });
  }

  remove(ids: readonly number[]): Promise<void> {
    return this.#inTurn(async () => {
      const gone = new Set(ids);
      const records = this.#content.records.filter(({ id }) => !gone.has(id));
      if (records.length === this.#content.records.length) return;
      const isEmpty = records.length === 0;
      await this.#become({ ...this.#content, records }, isEmpty ? undefined : goneBytes([...gone]));
    });
  }

  replace(added: readonly NewShelfRecord[], dropped: number): Promise<void> {
    return this.#inTurn(() => {
      const { nextId } = this.#content;
      const all = {
        records: withIds(added, nextId),
        dropped: this.#content.dropped + dropped,
        nextId: nextId + added.length,
      };
      return this.#become(all, undefined);
    });
  }

  /** Rules 2 and 3. @param tail what has to be written behind the rest; undefined: everything is written anew */
  async #become(content: Held, tail: Uint8Array | undefined): Promise<void> {
    const { path, write, bytesMax = shelfLimits.bytesMax } = this.#options;
    const sizeBytes = this.#sizeBytes;
    if (tail !== undefined && sizeBytes !== undefined && sizeBytes + tail.length <= bytesMax) {
      await this.#append(tail, sizeBytes);
    } else {
      const bytes = shelfFile(content);
      if (bytes.length > bytesMax) {
        throw new StoreError("NO_SPACE", `expected a shelf of at most ${bytesMax} bytes`);
      }
      await write({ path, bytes, permissions: 0o600 });
      this.#sizeBytes = bytes.length;
    }
    this.#content = content;
  }

  async #append(tail: Uint8Array, at: number): Promise<void> {
    const { path } = this.#options;
    this.#sizeBytes = undefined;
    try {
      await this.#inFile(async (file) => {
        await writeWhole(tail, at, (piece, position) => file.write(piece, position));
        await file.sync();
      });
    } catch (cause) {
      await this.#cutOff(at);
      throw new StoreError("STORE_FAILED", `expected to write behind ${path}`, { cause });
    }
    this.#sizeBytes = at + tail.length;
  }

  /** What a full disk took of a call that failed must not be found by the next start: by then it may be somewhere else. */
  async #cutOff(at: number): Promise<void> {
    await this.#inFile(async (file) => {
      await file.truncate(at);
      await file.sync();
    }).catch(() => undefined);
  }

  async #inFile(act: (file: FsFile) => Promise<void>): Promise<void> {
    const { fs, path } = this.#options;
    const file = await fs.open(path, { kind: "update" });
    try {
      await act(file);
    } finally {
      await file.close();
    }
  }

  async #read(): Promise<Uint8Array | undefined> {
    const { fs, path } = this.#options;
    const found = await fs.stat(path);
    if (found === undefined) return undefined;
    // What is longer than a shelf may be is torn: its beginning is read.
    const bytes = new Uint8Array(Math.min(found.sizeBytes, 2 * shelfLimits.bytesMax));
    const file = await fs.open(path, { kind: "read" });
    try {
      let at = 0;
      for (let got = -1; got !== 0 && at < bytes.length; at += got) {
        got = await file.read(bytes.subarray(at), at);
      }
      return bytes.subarray(0, at);
    } finally {
      await file.close();
    }
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(act);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

function withIds(records: readonly NewShelfRecord[], firstId: number): readonly ShelfRecord[] {
  return records.map(({ kind, bytes }, i) => ({ kind, bytes, id: firstId + i }));
}

async function writeWhole(
  bytes: Uint8Array,
  at: number,
  write: (piece: Uint8Array, position: number) => Promise<number>,
): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const taken = await write(bytes.subarray(done), at + done);
    if (taken <= 0) throw new Error(`expected ${bytes.length} bytes to be taken, got ${done}`);
    done += taken;
  }
}
