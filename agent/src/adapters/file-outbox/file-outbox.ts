import { dirname, join } from "node:path";
import { outboxLimits } from "@modelfleet/protocol";
import { onceDone } from "../../domain/once-done.ts";
import { StoreError } from "../../domain/store-error.ts";
import type { DurableWrite, Fs } from "../../ports/fs.ts";
import type {
  Outbox,
  OutboxEntry,
  OutboxPlace,
  OutboxStream,
  ReportPlace,
} from "../../ports/outbox.ts";
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
 * 2. A report that finds no room, by the limit or on the disk, costs the oldest telemetry, which is counted.
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

  put(entry: (place: ReportPlace) => Uint8Array): Promise<void> {
    return this.#inTurn(() => this.#put(entry));
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

  oldestReport(): OutboxPlace {
    const [oldest] = this.#streams.report.held();
    const { boot, seq } = oldest ?? { boot: this.#options.boot, seq: this.#nextSeq.report };
    return { boot, seq };
  }

  dropped(): number {
    return this.#dropped.count();
  }

  async #put(entry: (place: ReportPlace) => Uint8Array): Promise<void> {
    const place = { boot: this.#options.boot, seq: this.#nextSeq.report };
    const bytes = this.#sized(entry({ ...place, ...this.#behind(place.seq) }));
    this.#reportsBegun = place.seq + 1;
    await this.#makeRoom(bytes.length);
    await this.#addReport({ ...place, bytes });
    this.#nextSeq.report = place.seq + 1;
  }

  #behind(seq: number): Pick<ReportPlace, "behind"> {
    const last = this.#streams.report.held().at(-1);
    if (seq > 0 || last === undefined) return {};
    return { behind: { boot: last.boot, seq: last.seq } };
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

  /** One try for each entry of telemetry that is given up. */
  async #addReport(entry: OutboxEntry): Promise<void> {
    for (;;) {
      try {
        await this.#store("report", entry);
        return;
      } catch (cause) {
        if (!(cause instanceof StoreError)) throw cause;
        const oldest = cause.code === "NO_SPACE" ? this.#streams.tele.held()[0] : undefined;
        if (oldest !== undefined) {
          await this.#drop(oldest);
          continue;
        }
        this.#keepUnstored(entry, cause);
        return;
      }
    }
  }

  async #store(stream: OutboxStream, { boot, seq, bytes }: OutboxEntry): Promise<void> {
    await this.#prepared();
    await this.#streams.report.storeUnstored();
    await this.#streams[stream].add({ boot, seq }, bytes, this.#options.nowMs());
  }

  #keepUnstored({ boot, seq, bytes }: OutboxEntry, cause: StoreError): void {
    const { report } = this.#streams;
    if (report.unstored().length >= outboxLimits.unstoredReportsMax) throw cause;
    report.keepUnstored({ boot, seq }, bytes, this.#options.nowMs());
  }

  /** As far as giving up telemetry makes any: reports are owed whatever the limit says; they are small and few. */
  async #makeRoom(addedBytes: number): Promise<void> {
    const { nowMs, bytesMax = outboxLimits.bytesMax } = this.#options;
    const { report, tele } = this.#streams;
    const oldestMs = nowMs() - (this.#options.ageMsMax ?? outboxLimits.ageMsMax);
    for (const entry of [...tele.held()]) {
      const overfull = report.bytes() + tele.bytes() + addedBytes > bytesMax;
      if (!overfull && entry.storedAtMs >= oldestMs) break;
      await this.#drop(entry);
    }
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
