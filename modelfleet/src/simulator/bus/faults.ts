import type { Chance } from "../chance.ts";

/** What goes wrong on the way, either way; each a probability for one message. */
export interface Faults {
  readonly loss: number;
  /** It comes late, behind others that were sent after it. */
  readonly reorder: number;
  readonly duplicate: number;
}

export const noFaults: Faults = { loss: 0, reorder: 0, duplicate: 0 };

const LATENCY_MS = [20, 400] as const;
const LATE_MS = [2_000, 20_000] as const;

/** When a message arrives, in milliseconds from now, however often. */
export function arrivals(chance: Chance, { loss, reorder, duplicate }: Faults): readonly number[] {
  const isLost = chance.hits(loss);
  const isLate = chance.hits(reorder);
  const isTwice = chance.hits(duplicate);
  const once = chance.between(...LATENCY_MS) + (isLate ? chance.between(...LATE_MS) : 0);
  if (isTwice) return [...(isLost ? [] : [once]), chance.between(...LATE_MS)];
  return isLost ? [] : [once];
}
