import { join } from "node:path";
import { outboxLimits } from "@modelfleet/protocol";
import type { DurableWrite, Fs } from "../../ports/fs.ts";
import type { OutboxEntry, OutboxPlace } from "../../ports/outbox.ts";
import { comparePlaces, entryName, parseEntryName } from "./entry-name.ts";

export interface HeldEntry extends OutboxPlace {
  readonly sizeBytes: number;
  readonly storedAtMs: number;
}

/** The entries of one stream, one file each; the index in memory is rebuilt from the names at every start. */
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

  async open(): Promise<void> {
    await this.#fs.makeFolder(this.#folder, 0o700);
    for (const name of await this.#fs.list(this.#folder)) {
      const place = parseEntryName(name);
      const found = await this.#fs.stat(join(this.#folder, name));
      if (place === undefined) await this.#fs.remove(join(this.#folder, name));
      else if (found !== undefined) {
        this.#held.push({ ...place, sizeBytes: found.sizeBytes, storedAtMs: found.modifiedAtMs });
      }
    }
    this.#held.sort(comparePlaces);
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

  async remove(entry: OutboxPlace): Promise<void> {
    await this.#fs.remove(this.#pathOf(entry));
    this.#held = this.#held.filter((held) => comparePlaces(held, entry) !== 0);
  }

  /** undefined when the file cannot be read or changed its size: it must not stop the ones behind it. */
  async read(entry: HeldEntry): Promise<OutboxEntry | undefined> {
    const { boot, seq, sizeBytes } = entry;
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
    } finally {
      await file.close();
    }
  }

  #pathOf(place: OutboxPlace): string {
    return join(this.#folder, entryName(place));
  }
}
