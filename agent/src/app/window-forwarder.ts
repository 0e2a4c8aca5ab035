import {
  type DeviceId,
  decodeWindow,
  encodeBatch,
  encodedWindowBytes,
  encodeSignedBatch,
  type FeedbackWindow,
  type Signer,
  shelfLimits,
  type TelemetryWindow,
  telemetryLimits,
} from "@modelfleet/protocol";
import { StoreError } from "../domain/store-error.ts";
import { compactWindows, type Waiting } from "../domain/telemetry/waiting/compact-windows.ts";
import { fitWindow } from "../domain/telemetry/waiting/fit-window.ts";
import { type Batch, createWindowBatcher } from "../domain/telemetry/waiting/window-batcher.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Outbox, OutboxPlace } from "../ports/outbox.ts";
import type { NewShelfRecord, ShelfRecord, WindowShelf } from "../ports/window-shelf.ts";
import { heldBytes, keyOf, keysOfEntry, recordsOf, waitingOf } from "./shelf-records.ts";

export interface ForwarderParts {
  readonly device: DeviceId;
  readonly signer: Signer;
  readonly outbox: Outbox;
  readonly shelf: WindowShelf;
  readonly clock: Clock;
  readonly log: Log;
  readonly windowMs: number;
  /** Of what lies on the shelf. */
  readonly heldBytesMax?: number;
  /** Whether the broker is there. */
  readonly connected: () => boolean;
  /** Something is in the outbox. */
  readonly stored: () => void;
}

const SECOND_MS = 1_000;

const nothingToSettle = () => Promise.resolve();

/**
 * Where closed windows and labels go (protocol.md 3.8).
 *
 * 1. With a connection they go into the outbox, numbered and signed.
 * 2. Without one, or where the outbox does not take them, they go on the shelf, where they can still be merged: nothing there has
 *    a number.
 * 3. Once there is a connection again, what lies on the shelf follows, the newest first, at most two windows a second;
 *    what is late by then after a pause that is different on each device. What the outbox has taken is gone from
 *    the shelf before anybody is sent it.
 * 4. What neither takes stays in memory, as much of it as there is room for; the rest is counted.
 */
export class WindowForwarder {
  readonly #parts: ForwarderParts;
  readonly #batcher = createWindowBatcher();
  /** Of windows on the shelf, so that finding the newest does not read them all each time. */
  readonly #starts = new WeakMap<Uint8Array, number>();
  /** On the shelf, and in the outbox too or not to be read: nothing leaves the shelf, or is merged, before these are gone. */
  readonly #void = new Set<number>();
  #wasConnected = false;
  #backlogAtMs = 0;
  #compactAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: ForwarderParts) {
    this.#parts = parts;
  }

  /** Finds what a power cut left on the shelf and in the outbox; before anything is sent. */
  async open(): Promise<void> {
    const { outbox, shelf } = this.#parts;
    const waiting = new Map<string, number>();
    for (const record of shelf.held()) {
      const key = keyOf(record);
      if (key === undefined) this.#void.add(record.id);
      else waiting.set(key, record.id);
    }
    let after: OutboxPlace | undefined;
    while (waiting.size > 0) {
      const [entry] = await outbox.pending("tele", 1, after);
      if (entry === undefined) break;
      after = { boot: entry.boot, seq: entry.seq };
      for (const key of keysOfEntry(entry.bytes)) {
        const id = waiting.get(key);
        if (id !== undefined) this.#void.add(id);
      }
    }
    await this.#forgetVoid();
  }

  /** Takes off the shelf what does not belong there. @returns whether nothing of it is left */
  async #forgetVoid(): Promise<boolean> {
    const { log, shelf } = this.#parts;
    if (this.#void.size === 0) return true;
    try {
      await shelf.remove([...this.#void]);
      this.#void.clear();
      return true;
    } catch (cause) {
      if (!(cause instanceof StoreError)) throw cause;
      log.warn({ event: "telemetry.unshelved", code: cause.code }, cause.message);
      return false;
    }
  }

  add(window: TelemetryWindow): void {
    const fitted = fitWindow(window);
    if (fitted !== window) {
      const { slot, release } = window;
      const text = "a window is too large for a message, and goes without its largest part";
      this.#parts.log.warn({ event: "telemetry.trimmed", slot, release }, text);
    }
    this.#batcher.add(fitted);
  }

  tell(feedback: FeedbackWindow): void {
    this.#batcher.tell(feedback);
  }

  /** Everything that has closed goes where it belongs, and some of what waited. */
  async step(): Promise<void> {
    const { clock, connected, shelf } = this.#parts;
    const isConnected = connected();
    if (isConnected && !this.#wasConnected) {
      const jitterMs = Math.min(this.#parts.windowMs, shelfLimits.backlogJitterMsMax);
      this.#backlogAtMs = clock.monotonicMs() + clock.chance() * jitterMs;
    }
    this.#wasConnected = isConnected;
    await this.#placeClosed(isConnected);
    if (!(await this.#forgetVoid())) return;
    if (isConnected && shelf.held().length > 0) await this.#sendBacklog();
    else await this.#compactWhenDue();
  }

  /** Rules 1, 2 and 4. */
  async #placeClosed(isConnected: boolean): Promise<void> {
    for (let batch = this.#batcher.take(); batch !== undefined; batch = this.#batcher.take()) {
      const isSent = isConnected && (await this.#moveOut(batch, nothingToSettle));
      if (isSent || (await this.#shelve(recordsOf(batch)))) continue;
      this.#batcher.giveBack(batch);
      return;
    }
  }

  /** @returns false when the outbox has no room for it, or no disk */
  async #moveOut(batch: Batch, settled: () => Promise<void>): Promise<boolean> {
    const { outbox, stored } = this.#parts;
    const isMoved = await outbox.move((place) => this.#signed(place, batch), settled);
    if (isMoved) stored();
    return isMoved;
  }

  async #shelve(records: readonly NewShelfRecord[]): Promise<boolean> {
    const { log, shelf } = this.#parts;
    try {
      await shelf.add(records);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : "an unknown failure";
      log.warn({ event: "telemetry.unshelved", reason }, "windows wait in memory");
      return false;
    }
    const isOverfull = heldBytes(shelf) > this.#heldBytesMax();
    if (isOverfull && this.#void.size === 0) await this.#compact();
    return true;
  }

  async #compactWhenDue(): Promise<void> {
    const nowMs = this.#parts.clock.monotonicMs();
    if (nowMs < this.#compactAtMs || this.#parts.shelf.held().length === 0) return;
    this.#compactAtMs = nowMs + shelfLimits.compactEveryMs;
    await this.#compact();
  }

  #heldBytesMax(): number {
    return this.#parts.heldBytesMax ?? shelfLimits.heldBytesMax;
  }

  /** A disk that does not take the merged ones keeps those there are. */
  async #compact(): Promise<void> {
    const { log } = this.#parts;
    await this.#replaceByMerged().catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : "an unknown failure";
      log.warn({ event: "telemetry.uncompacted", reason }, "windows stay as they are");
    });
  }

  async #replaceByMerged(): Promise<void> {
    const { clock, shelf } = this.#parts;
    const before = waitingOf(shelf.held());
    const bytesMax = this.#heldBytesMax();
    const { dropped, ...left } = compactWindows(before, { nowMs: clock.nowMs(), bytesMax });
    const records = recordsOf(left);
    if (dropped === 0 && records.length === shelf.held().length) return;
    await shelf.replace(records, dropped);
  }

  /** Rule 3. */
  async #sendBacklog(): Promise<void> {
    const { clock, shelf } = this.#parts;
    const chosen = this.#newest(shelf.held());
    const batch = this.#historical(waitingOf(chosen));
    const isYoung = batch.windows.some(({ historical }) => !historical);
    const monotonicMs = clock.monotonicMs();
    if (monotonicMs < this.#backlogAtMs && !isYoung) return;
    const pauseMs = SECOND_MS * (1 + clock.chance() / 2);
    this.#backlogAtMs = Math.max(this.#backlogAtMs, monotonicMs + pauseMs);
    await this.#moveOut(batch, () => shelf.remove(chosen.map(({ id }) => id)));
  }

  #newest(held: readonly ShelfRecord[]): readonly ShelfRecord[] {
    const windows = held
      .filter(({ kind }) => kind === "window")
      .sort((left, right) => this.#startOf(right) - this.#startOf(left))
      .slice(0, shelfLimits.backlogPerSecondMax)
      .map((record) => ({ record, window: decodeWindow(record.bytes) }));
    const [first, second] = windows;
    const together = windows.reduce((sum, { window }) => sum + encodedWindowBytes(window), 0);
    const hasRoom = together <= telemetryLimits.windowsBytesPerBatchMax;
    const chosen = [first, hasRoom ? second : undefined].flatMap((each) => each?.record ?? []);
    const labels = held.filter(({ kind }) => kind === "feedback");
    // Labels are small, and go when the windows have gone.
    return chosen.length > 0 ? chosen : labels.slice(-telemetryLimits.feedbackPerBatchMax);
  }

  #startOf({ bytes }: ShelfRecord): number {
    const known = this.#starts.get(bytes);
    if (known !== undefined) return known;
    const { startMs } = decodeWindow(bytes);
    this.#starts.set(bytes, startMs);
    return startMs;
  }

  /** Late is what nobody can be paged for any more. */
  #historical({ windows, feedback }: Waiting): Batch {
    const lateMs = this.#parts.clock.nowMs() - 2 * this.#parts.windowMs;
    const isLate = ({ startMs, durationMs }: TelemetryWindow) => startMs + durationMs < lateMs;
    return {
      windows: windows.map((window) => ({
        ...window,
        historical: window.historical || isLate(window),
      })),
      feedback,
    };
  }

  #signed(place: OutboxPlace, { windows, feedback }: Batch): Uint8Array {
    const { device, outbox, shelf, signer } = this.#parts;
    const dropped = outbox.dropped() + shelf.dropped() + this.#batcher.lost();
    const batch = { device, boot: place.boot, seq: place.seq, dropped, windows, feedback };
    return encodeSignedBatch(signer, encodeBatch(batch));
  }
}
