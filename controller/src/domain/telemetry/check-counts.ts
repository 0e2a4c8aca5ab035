import { noiseMagnitudeMax } from "@modelfleet/protocol";
import { total } from "./total.ts";
import { contradiction, type RefusedWindow } from "./window-verdict.ts";

/** What a sketch of a window is held against. */
export interface Expected {
  readonly items: number;
  readonly epsilon: number | null;
  /** Where it stands, for messages. */
  readonly place: string;
}

/**
 * Counts that each item is in exactly one of add up to the items; with noise, none is further off than noise can be.
 *
 * @param counts all of them, also those of what was missing
 */
export function countsRefusal(
  counts: readonly number[],
  { items, epsilon, place }: Expected,
): RefusedWindow | undefined {
  if (epsilon !== null) return noisedRefusal(counts, { items, epsilon, place });
  const all = total(counts);
  return all === items ? undefined : contradiction(place, items, all);
}

/** Counts of an output or a sketch with noise, each within what its noise can be of a true one. */
export function noisedRefusal(
  counts: readonly number[],
  { items, epsilon, place }: Expected & { readonly epsilon: number },
): RefusedWindow | undefined {
  const noise = noiseMagnitudeMax(epsilon);
  const wrong = counts.find((count) => count < -noise || count > items + noise);
  if (wrong === undefined) return undefined;
  return contradiction(place, `${-noise} to ${items + noise}`, wrong);
}
