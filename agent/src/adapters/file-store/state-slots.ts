import { dirname, join } from "node:path";
import { storeLimits } from "@modelfleet/protocol";
import type { Fs } from "../../ports/fs.ts";
import { decodeSlot, encodeSlot, isNewer, nextGeneration, type SlotContent } from "./state-slot.ts";
import { storeFailure, systemCode } from "./store-failure.ts";
import { readWhole, withFile, writeAll } from "./whole-file.ts";

const readAttemptsMax = 3;

interface HeldSlot {
  readonly path: string;
  readonly content: SlotContent | undefined;
}

/**
 * Two preallocated slots of one record (store.md 1). A commit overwrites the older one and needs no free space and no
 * rename; reading takes the valid one with the highest generation. The slot last known good is never written.
 */
export class StateSlots {
  readonly #fs: Fs;
  readonly #paths: readonly [string, string];
  #last: { readonly path: string; readonly generation: bigint } | undefined;
  #ruined: string | undefined;

  constructor(fs: Fs, folder: string) {
    this.#fs = fs;
    this.#paths = [join(folder, "a"), join(folder, "b")];
  }

  /** Make the slots that are missing, at their full size, so that later commits find their blocks. */
  async prepare(): Promise<void> {
    const folder = dirname(this.#paths[0]);
    try {
      await this.#fs.makeFolder(folder, 0o700);
      for (const path of this.#paths) await this.#preallocate(path);
      await this.#fs.syncFolder(folder);
      await this.#fs.syncFolder(dirname(folder));
    } catch (cause) {
      throw storeFailure(`preparing ${folder}`, cause);
    }
  }

  /** The newest whole record; undefined when neither slot has one. */
  async read(): Promise<string | undefined> {
    const [a, b] = [await this.#readSlot(this.#paths[0]), await this.#readSlot(this.#paths[1])];
    const newest = newestOf(a, b);
    if (newest?.content === undefined) return undefined;
    this.#last = { path: newest.path, generation: newest.content.generation };
    const other = newest === a ? b : a;
    // Only the first commit leaves the other slot empty.
    const isDue = newest.content.generation !== 1n;
    this.#ruined = isDue && other.content === undefined ? other.path : undefined;
    return newest.content.json;
  }

  /** The slot that had no whole record when they were read; undefined again once a commit has written it anew. */
  ruined(): string | undefined {
    return this.#ruined;
  }

  /** @throws StoreError; the record committed before stays valid */
  async commit(json: string): Promise<void> {
    const [a, b] = this.#paths;
    const path = this.#last?.path === a ? b : a;
    const generation = this.#last === undefined ? 1n : nextGeneration(this.#last.generation);
    const bytes = encodeSlot({ generation, json });
    try {
      // A fresh descriptor each time: after a failed fsync the old one may no longer tell the truth.
      await withFile(this.#fs, path, { kind: "update" }, async (file) => {
        await writeAll(file, bytes, 0);
        await file.sync();
      });
    } catch (cause) {
      throw storeFailure(`committing ${path}`, cause);
    }
    this.#last = { path, generation };
    if (this.#ruined === path) this.#ruined = undefined;
  }

  async #preallocate(path: string): Promise<void> {
    const found = await this.#fs.stat(path);
    if (found?.sizeBytes === storeLimits.stateSlotBytes) return;
    const had = found === undefined ? undefined : await this.#readBytes(path);
    if (had !== undefined && decodeSlot(had) !== undefined) return;
    await this.#fs.remove(path);
    const mode = { kind: "create-new", permissions: 0o600 } as const;
    await withFile(this.#fs, path, mode, async (file) => {
      await writeAll(file, new Uint8Array(storeLimits.stateSlotBytes), 0);
      await file.sync();
    });
  }

  async #readSlot(path: string): Promise<HeldSlot> {
    const bytes = await this.#readBytes(path);
    return { path, content: bytes === undefined ? undefined : decodeSlot(bytes) };
  }

  /** A slot that cannot be read counts as torn: the other one decides. One failed read is no proof of that. */
  async #readBytes(path: string): Promise<Uint8Array | undefined> {
    for (let attempt = 1; attempt <= readAttemptsMax; attempt += 1) {
      try {
        return await readWhole(this.#fs, path, storeLimits.stateSlotBytes);
      } catch (cause) {
        if (systemCode(cause) === undefined) break;
      }
    }
    return undefined;
  }
}

function newestOf(a: HeldSlot, b: HeldSlot): HeldSlot | undefined {
  if (a.content === undefined) return b.content === undefined ? undefined : b;
  if (b.content === undefined) return a;
  return isNewer(a.content.generation, b.content.generation) ? a : b;
}
