import { join } from "node:path";
import { outboxLimits } from "@modelfleet/protocol";
import type { DurableWrite, Fs } from "../../ports/fs.ts";
import type { OutboxEntry, OutboxPlace } from "../../ports/outbox.ts";
import { comparePlaces, entryName, parseEntryName } from "./entry-name.ts";

export interface HeldEntry extends OutboxPlace {
  readonly sizeBytes: number;
  readonly storedAtMs: number;
  /** Of an entry that the disk did not take. */
  readonly unstored?: Uint8Array;
}

/**
 * The entries of one stream, one file each; the index in memory is rebuilt from the names at every start. What the disk
 * gives back or forgets is known only then: an entry that it does not remove is sent again, and known as such.
 */
export class EntryFolder {
  readonly #fs: Fs;
  readonly #write: DurableWrite;
  readonly #folder: string;
  #held: HeldEntry[] = [];

  constructor(fs: Fs, write: DurableWrite, folder: string) {
    this.#fs = fs;
    this.#write = write;
    this.#folder = folder;
  }

  /** A folder that cannot be read counts as empty. */
  async open(): Promise<void> {
    for (const name of await this.#fs.list(this.#folder).catch(() => [])) {
      const place = parseEntryName(name);
      const path = join(this.#folder, name);
      const found = await this.#fs.stat(path).catch(() => undefined);
      if (place === undefined) await this.#fs.remove(path).catch(() => undefined);
      else if (found !== undefined) {
        this.#held.push({ ...place, sizeBytes: found.sizeBytes, storedAtMs: found.modifiedAtMs });
      }
    }
    this.#held.sort(comparePlaces);
  }

  /** Its name is durable when the folder above is synced. */
  make(): Promise<void> {
    return this.#fs.makeFolder(this.#folder, 0o700);
  }

  held(): readonly HeldEntry[] {
    return this.#held;
  }

  bytes(): number {
    return this.#held.reduce((sum, entry) => sum + entry.sizeBytes, 0);
  }

  async add(place: OutboxPlace, bytes: Uint8Array, storedAtMs: number): Promise<void> {
    await this.#write({ path: this.#pathOf(place), bytes, permissions: 0o600 });
    this.#held.push({ ...place, sizeBytes: bytes.length, storedAtMs });
  }

  /** Without a disk: it is lost with this process. */
  keepUnstored(place: OutboxPlace, unstored: Uint8Array, storedAtMs: number): void {
    this.#held.push({ ...place, sizeBytes: unstored.length, storedAtMs, unstored });
  }

  unstored(): readonly HeldEntry[] {
    return this.#held.filter((entry) => entry.unstored !== undefined);
  }

  /** What the disk did not take goes there now, oldest first. @throws StoreError */
  async storeUnstored(): Promise<void> {
    for (const { unstored, ...entry } of this.unstored()) {
      if (unstored === undefined) continue;
      await this.#write({ path: this.#pathOf(entry), bytes: unstored, permissions: 0o600 });
      this.#held = this.#held.map((held) => (comparePlaces(held, entry) === 0 ? entry : held));
    }
  }

  async remove(entry: OutboxPlace): Promise<void> {
    this.#held = this.#held.filter((held) => comparePlaces(held, entry) !== 0);
    await this.#fs.remove(this.#pathOf(entry)).catch(() => undefined);
  }

  /** undefined when the file cannot be read or changed its size: it must not stop the ones behind it. */
  async read(entry: HeldEntry): Promise<OutboxEntry | undefined> {
    const { boot, seq, sizeBytes, unstored } = entry;
    if (unstored !== undefined) return { boot, seq, bytes: unstored };
    if (sizeBytes > outboxLimits.entryBytesMax) return undefined;
    const file = await this.#fs.open(this.#pathOf(entry), { kind: "read" }).catch(() => undefined);
    if (file === undefined) return undefined;
    try {
      const bytes = new Uint8Array(sizeBytes);
      let at = 0;
      while (at < sizeBytes) {
        const got = await file.read(bytes.subarray(at), at);
        if (got === 0) return undefined;
        at += got;
      }
      return { boot, seq, bytes };
    } catch {
      return undefined; // The disk gives it back no more.
    } finally {
      await file.close();
    }
  }

  #pathOf(place: OutboxPlace): string {
    return join(this.#folder, entryName(place));
  }
}
