/** Closed windows and labels that wait for a network, on disk; a power cut loses none of them (protocol.md 3.8). */
export interface WindowShelf {
  /** Oldest first. */
  readonly held: () => readonly ShelfRecord[];
  /** Durable when resolved, all of them. @throws StoreError: none of them is held */
  readonly add: (records: readonly NewShelfRecord[]) => Promise<void>;
  /** @throws StoreError: all of them are still held */
  readonly remove: (ids: readonly number[]) => Promise<void>;
  /** All at once, in the place of everything. @throws StoreError: nothing has changed */
  readonly replace: (records: readonly NewShelfRecord[], dropped: number) => Promise<void>;
  /** Bytes of the file, what is gone from it included. */
  readonly fileBytes: () => number;
  /** Records given up since the device enrolled. */
  readonly dropped: () => number;
}

export interface NewShelfRecord {
  readonly kind: "window" | "feedback";
  /** As `encodeWindow` and `encodeFeedback` write them. */
  readonly bytes: Uint8Array;
}

export interface ShelfRecord extends NewShelfRecord {
  /** Never given twice. */
  readonly id: number;
}
