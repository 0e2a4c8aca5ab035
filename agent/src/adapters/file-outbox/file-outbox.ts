import { dirname, join } from "node:path";
import { outboxLimits } from "@modelfleet/protocol";
import { onceDone } from "../../domain/once-done.ts";
import { StoreError } from "../../domain/store-error.ts";
import type { DurableWrite, Fs } from "../../ports/fs.ts";
import type { Outbox, OutboxEntry, OutboxPlace, OutboxStream } from "../../ports/outbox.ts";
import { DroppedCount } from "./dropped-count.ts";
import { EntryFolder, type HeldEntry } from "./entry-folder.ts";
import { comparePlaces } from "./entry-name.ts";

export interface FileOutboxOptions {
  readonly fs: Fs;
  readonly write: DurableWrite;
  readonly folder: string;
  /** This start of the agent; entries of earlier starts are kept and come first. */
  readonly boot: number;
  readonly nowMs: () => number;
  readonly bytesMax?: number;
  readonly ageMsMax?: number;
}

/** Opens what earlier starts left; a killed start leaves whole entries and nothing else. */
export async function openFileOutbox(options: FileOutboxOptions): Promise<Outbox> {
  const outbox = new FileOutbox(options);
  await outbox.open();
  return outbox;
}

/**
 * Reports and telemetry on disk until the controller has committed them (mqtt.md 3).
 *
 * 1. Calls take turns, so the order of numbers is the order on disk.
 * 2. A full disk costs the oldest telemetry first, and at last the new telemetry; each is counted.
 * 3. Reports that a broken disk does not take are kept in memory, and go to the disk with the next one that it takes: what
 *    a device has to say about a broken disk must not wait for it.
 */
class FileOutbox implements Outbox {
  readonly #options: FileOutboxOptions;
  readonly #streams: Readonly<Record<OutboxStream, EntryFolder>>;
  readonly #dropped: DroppedCount;
  readonly #nextSeq: Record<OutboxStream, number> = { report: 0, tele: 0 };
  #reportsBegun = 0;
  readonly #prepared = onceDone(() => this.#prepare());
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: FileOutboxOptions) {
    const { fs, write, folder } = options;
    this.#options = options;
    this.#streams = {
      report: new EntryFolder(fs, write, join(folder, "report")),
      tele: new EntryFolder(fs, write, join(folder, "tele")),
    };
    this.#dropped = new DroppedCount(fs, write, join(folder, "dropped"));
  }

  async open(): Promise<void> {
    await this.#streams.report.open();
    await this.#streams.tele.open();
    await this.#dropped.open();
    await this.#sweep();
    await this.#prepared().catch(toldByTheNextWrite);
  }

  put(stream: OutboxStream, entry: (place: OutboxPlace) => Uint8Array): Promise<void> {
    return this.#inTurn(() => this.#put(stream, entry));
  }

  move(entry: (place: OutboxPlace) => Uint8Array, settled: () => Promise<void>): Promise<boolean> {
    return this.#inTurn(() => this.#move(entry, settled));
  }

  pending(
    stream: OutboxStream,
    count: number,
    after?: OutboxPlace,
  ): Promise<readonly OutboxEntry[]> {
    return this.#inTurn(() => this.#pending(stream, count, after));
  }

  acknowledge(stream: OutboxStream, place: OutboxPlace, from?: OutboxPlace): Promise<void> {
    const isMeant = (held: OutboxPlace) =>
      comparePlaces(held, place) <= 0 && (from === undefined || comparePlaces(held, from) >= 0);
    return this.#inTurn(async () => {
      const folder = this.#streams[stream];
      for (const entry of folder.held().filter(isMeant)) {
        await folder.remove(entry);
      }
    });
  }

  reportsBegun(): number {
    return this.#reportsBegun;
  }

  dropped(): number {
    return this.#dropped.count();
  }

  async #put(stream: OutboxStream, entry: (place: OutboxPlace) => Uint8Array): Promise<void> {
    const place = { boot: this.#options.boot, seq: this.#nextSeq[stream] };
    const bytes = this.#sized(entry(place));
    if (stream === "report") this.#reportsBegun = place.seq + 1;
    const room = await this.#makeRoom(bytes.length);
    // Reports are owed whatever the limit says; they are small and few.
    if (!room && stream === "tele") return this.#dropped.add(1);
    const isKept = await this.#add(stream, { ...place, bytes });
    if (isKept) this.#nextSeq[stream] = place.seq + 1;
  }

  async #move(
    entry: (place: OutboxPlace) => Uint8Array,
    settled: () => Promise<void>,
  ): Promise<boolean> {
    const place = { boot: this.#options.boot, seq: this.#nextSeq.tele };
    const bytes = this.#sized(entry(place));
    const { bytesMax = outboxLimits.bytesMax } = this.#options;
    const { report, tele } = this.#streams;
    if (report.bytes() + tele.bytes() + bytes.length > bytesMax) return false;
    try {
      await this.#store("tele", { ...place, bytes });
      await settled();
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      await tele.remove(place);
      return false;
    }
    this.#nextSeq.tele = place.seq + 1;
    return true;
  }

  /** @returns whether it is kept; if not, it is counted as dropped */
  async #add(stream: OutboxStream, entry: OutboxEntry): Promise<boolean> {
    for (;;) {
      try {
        await this.#store(stream, entry);
        return true;
      } catch (cause) {
        if (!(cause instanceof StoreError)) throw cause;
        const [oldest] = this.#streams.tele.held();
        // One try for each entry given up.
        if (cause.code === "NO_SPACE" && oldest !== undefined) await this.#drop(oldest);
        else if (stream === "tele") return this.#dropNew();
        else return this.#keepUnstored(entry, cause);
      }
    }
  }

  async #store(stream: OutboxStream, { boot, seq, bytes }: OutboxEntry): Promise<void> {
    await this.#prepared();
    await this.#streams.report.storeUnstored();
    await this.#streams[stream].add({ boot, seq }, bytes, this.#options.nowMs());
  }

  #keepUnstored({ boot, seq, bytes }: OutboxEntry, cause: StoreError): true {
    const { report } = this.#streams;
    if (report.unstored().length >= outboxLimits.unstoredReportsMax) throw cause;
    report.keepUnstored({ boot, seq }, bytes, this.#options.nowMs());
    return true;
  }

  async #dropNew(): Promise<false> {
    await this.#dropped.add(1);
    return false;
  }

  async #makeRoom(addedBytes: number): Promise<boolean> {
    const { nowMs, bytesMax = outboxLimits.bytesMax } = this.#options;
    const { report, tele } = this.#streams;
    const oldestMs = nowMs() - (this.#options.ageMsMax ?? outboxLimits.ageMsMax);
    for (const entry of [...tele.held()]) {
      const overfull = report.bytes() + tele.bytes() + addedBytes > bytesMax;
      if (!overfull && entry.storedAtMs >= oldestMs) break;
      await this.#drop(entry);
    }
    return report.bytes() + tele.bytes() + addedBytes <= bytesMax;
  }

  async #drop(entry: HeldEntry): Promise<void> {
    // Counted first: a kill in between counts one too many, never one too few.
    await this.#dropped.add(1);
    await this.#streams.tele.remove(entry);
  }

  async #pending(
    stream: OutboxStream,
    count: number,
    after: OutboxPlace | undefined,
  ): Promise<readonly OutboxEntry[]> {
    const folder = this.#streams[stream];
    const entries: OutboxEntry[] = [];
    for (const held of [...folder.held()]) {
      if (entries.length >= count) break;
      if (after !== undefined && comparePlaces(held, after) <= 0) continue;
      const entry = await folder.read(held);
      if (entry !== undefined) entries.push(entry);
      else await folder.remove(held);
    }
    return entries;
  }

  #sized(bytes: Uint8Array): Uint8Array {
    if (bytes.length <= outboxLimits.entryBytesMax) return bytes;
    throw new RangeError(`expected an entry of at most ${outboxLimits.entryBytesMax} bytes`);
  }

  /** Also the names of the folders themselves are to survive a power cut. */
  async #prepare(): Promise<void> {
    const { fs, folder } = this.#options;
    try {
      for (const stream of Object.values(this.#streams)) await stream.make();
      await fs.syncFolder(folder);
      await fs.syncFolder(dirname(folder));
    } catch (cause) {
      throw new StoreError("STORE_FAILED", `expected to make the folders of ${folder}`, { cause });
    }
  }

  /** What a killed start left of a count. */
  async #sweep(): Promise<void> {
    const { fs, folder } = this.#options;
    const names = await fs.list(folder).catch(() => []);
    for (const name of names.filter((found) => found.endsWith(".tmp"))) {
      await fs.remove(join(folder, name)).catch(() => undefined);
    }
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(act);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

function toldByTheNextWrite(cause: unknown): void {
  if (!(cause instanceof StoreError)) throw cause;
}
