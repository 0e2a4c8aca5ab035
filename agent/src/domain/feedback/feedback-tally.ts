import type { Digest8, FeedbackDetector, FeedbackWindow, SlotName } from "@modelfleet/protocol";

/** What labels came to since it was told last, by window of the predictions and by output. */
export class FeedbackTally {
  readonly #identity: { readonly slot: SlotName; readonly release: Digest8 };
  readonly #windowMs: number;
  readonly #windows = new Map<string, Increment>();

  constructor(identity: { readonly slot: SlotName; readonly release: Digest8 }, windowMs: number) {
    this.#identity = identity;
    this.#windowMs = windowMs;
  }

  add(place: { readonly startMs: number; readonly output: number }, counted: Counted): void {
    const key = `${place.startMs} ${place.output}`;
    const increment = this.#windows.get(key) ?? { ...place, labelled: 0, errors: 0, drift: [] };
    increment.labelled += counted.labelled;
    increment.errors += counted.errors;
    increment.drift = [...new Set([...increment.drift, ...counted.drift])].sort();
    this.#windows.set(key, increment);
  }

  size(): number {
    return this.#windows.size;
  }

  /** The increments so far, oldest window first; then there are none. */
  take(): readonly FeedbackWindow[] {
    const taken = [...this.#windows.values()].sort(
      (left, right) => left.startMs - right.startMs || left.output - right.output,
    );
    this.#windows.clear();
    const durationMs = this.#windowMs;
    return taken.map((increment) => ({ ...this.#identity, durationMs, ...increment }));
  }
}

export interface Counted {
  readonly labelled: number;
  readonly errors: number;
  readonly drift: readonly FeedbackDetector[];
}

interface Increment {
  readonly startMs: number;
  readonly output: number;
  labelled: number;
  errors: number;
  drift: readonly FeedbackDetector[];
}
