import type { SeasonalSlot } from "@modelfleet/protocol";
import { slotOf } from "../drift/slot-of.ts";
import { ABSENT, type BinnedRows, countBins } from "./bin-of.ts";

const DAY_HOURS = 24;

type Place = Pick<SeasonalSlot, "weekend" | "hour">;

/** Whether a reference is told apart by hour of the day, UTC, and by workday or weekend. */
export type Seasons =
  | { readonly kind: "untimed" }
  /** Of the hours that occur, this one has too few rows. */
  | {
      readonly kind: "thin";
      readonly place: Place;
      readonly rows: number;
      readonly rowsMin: number;
    }
  | {
      readonly kind: "found";
      /** Slot of each row: hour, plus 24 at the weekend; shape [rows]. */
      readonly slots: Uint8Array;
      /** The slots that have rows, rising. */
      readonly present: readonly number[];
    };

/**
 * Every slot that occurs must have enough rows: with one hour held against its own reference and the next against the
 * whole, alarms would come by the clock.
 *
 * @param timesMs since 1970, UTC; shape [rows]; undefined: nobody knows
 * @param rowsMin of each slot
 */
export function seasonsOf(timesMs: Float64Array | undefined, rowsMin: number): Seasons {
  if (timesMs === undefined) return { kind: "untimed" };
  const slots = Uint8Array.from(timesMs, slotNumber);
  const counts = countBins(slots, 2 * DAY_HOURS);
  const present = counts.flatMap((count, slot) => (count > 0 ? [slot] : []));
  const rowsOf = (slot: number) => counts[slot] ?? 0;
  const fewest = present.reduce((one, other) => (rowsOf(other) < rowsOf(one) ? other : one));
  if (rowsOf(fewest) >= rowsMin) return { kind: "found", slots, present };
  return { kind: "thin", place: placeOf(fewest), rows: rowsOf(fewest), rowsMin };
}

/** Counts of each slot; none without seasons. */
export function seasonalCounts(seasons: Seasons, { bins, size }: BinnedRows): SeasonalSlot[] {
  if (seasons.kind !== "found") return [];
  const counts = new Float64Array(2 * DAY_HOURS * size);
  for (const [row, slot] of seasons.slots.entries()) {
    const bin = bins[row] ?? ABSENT;
    const at = slot * size + bin;
    if (bin !== ABSENT) counts[at] = (counts[at] ?? 0) + 1;
  }
  return seasons.present.map((slot) => {
    const ofSlot = counts.subarray(slot * size, (slot + 1) * size);
    return { ...placeOf(slot), counts: Array.from(ofSlot) };
  });
}

function slotNumber(ms: number): number {
  const { weekend, hour } = slotOf(ms);
  return hour + (weekend ? DAY_HOURS : 0);
}

function placeOf(slot: number): Place {
  return { weekend: slot >= DAY_HOURS, hour: slot % DAY_HOURS };
}
