/** What the device owes the controller, on disk until the controller has committed it (protocol.md 3). */
export interface Outbox {
  /** Takes a report: durable when resolved. It is never dropped; the oldest telemetry is, when the limit is reached. */
  readonly put: (entry: (place: ReportPlace) => Uint8Array) => Promise<void>;
  /**
   * Takes telemetry over from where it waits: durable, and `settled` has run, before anybody sees the entry; so a power cut
   * leaves it in one place, or in both with nobody having been told of it. Drops nothing to make room.
   *
   * @returns false when the disk did not take it, or `settled` failed with a StoreError: then it has not happened
   */
  readonly move: (
    entry: (place: OutboxPlace) => Uint8Array,
    settled: () => Promise<void>,
  ) => Promise<boolean>;
  /** Oldest first, at most `count`, not yet acknowledged; those after `after`, when it is given. */
  readonly pending: (
    stream: OutboxStream,
    count: number,
    after?: OutboxPlace,
  ) => Promise<readonly OutboxEntry[]>;
  /** Everything of the stream up to and including (boot, seq) is committed; from `from` on where that is given. */
  readonly acknowledge: (
    stream: OutboxStream,
    place: OutboxPlace,
    from?: OutboxPlace,
  ) => Promise<void>;
  /** Reports of this start that were written, or are being written: whatever is read now is newer than what they say. */
  readonly reportsBegun: () => number;
  /** Place of the oldest report that is owed, or of the next one where none is. */
  readonly oldestReport: () => OutboxPlace;
  /** Telemetry entries dropped since the device enrolled. */
  readonly dropped: () => number;
}

export type OutboxStream = "report" | "tele";

/** Place of an entry in its stream: the start of the agent, and a number from 0 within it. */
export interface OutboxPlace {
  readonly boot: number;
  readonly seq: number;
}

export interface ReportPlace extends OutboxPlace {
  /** Of the first report of a start: the last one of an earlier start, where that is still owed. */
  readonly behind?: OutboxPlace;
}

export interface OutboxEntry extends OutboxPlace {
  readonly bytes: Uint8Array;
}
