import type { ReportItem, SlotName } from "@modelfleet/protocol";

/** How a swap ended: a step of its report that ends it, or that flips the requests over. */
export type SwapResult = (typeof results)[number];

const results = ["activated", "confirmed", "refused", "rolled-back", "deferred"] as const;

/** What a slot's swaps came to since the agent's start. */
export interface SwapCounts {
  readonly slot: SlotName;
  readonly results: ReadonlyMap<SwapResult, number>;
  /** From the start of the load to the proof, of the last release that was proven; undefined before the first. */
  readonly prepareMs: number | undefined;
  /** The longest any request took that was answered while the last swap drained; undefined before the first. */
  readonly waitMsMax: number | undefined;
  /** Times the runner of the release that serves was started again. */
  readonly restarts: number;
}

interface Tally {
  readonly slot: SlotName;
  readonly results: Map<SwapResult, number>;
  prepareMs: number | undefined;
  waitMsMax: number | undefined;
  restarts: number;
  /** Swaps that drain now. */
  open: number;
}

/** Swaps by slot. */
export class SwapTally {
  readonly #slots = new Map<SlotName, Tally>();

  /** A step of a release was reported. */
  reported({ slot, step, durationMs }: Pick<ReportItem, "slot" | "step" | "durationMs">): void {
    const tally = this.#of(slot);
    if (step === "golden" && durationMs !== undefined) tally.prepareMs = durationMs;
    const result = results.find((known) => known === step);
    if (result === undefined) return;
    tally.results.set(result, (tally.results.get(result) ?? 0) + 1);
  }

  restarted(slot: SlotName): void {
    this.#of(slot).restarts += 1;
  }

  /** From here on another release answers, and the one before finishes what it has. */
  flipped(slot: SlotName): void {
    const tally = this.#of(slot);
    tally.open += 1;
    if (tally.open === 1) tally.waitMsMax = 0;
  }

  drained(slot: SlotName): void {
    this.#of(slot).open -= 1;
  }

  answered(slot: SlotName, tookMs: number): void {
    const tally = this.#slots.get(slot);
    if (tally === undefined || tally.open === 0) return;
    tally.waitMsMax = Math.max(tally.waitMsMax ?? 0, tookMs);
  }

  counts(): readonly SwapCounts[] {
    return [...this.#slots.values()];
  }

  #of(slot: SlotName): Tally {
    const known = this.#slots.get(slot);
    if (known !== undefined) return known;
    const fresh = { slot, results: new Map<SwapResult, number>(), restarts: 0, open: 0 };
    const tally: Tally = { ...fresh, prepareMs: undefined, waitMsMax: undefined };
    this.#slots.set(slot, tally);
    return tally;
  }
}
