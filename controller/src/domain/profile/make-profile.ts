import {
  type OutputProfile,
  type ProfileCalibration,
  ReferenceProfile,
} from "@modelfleet/protocol";
import { blockItemsOf } from "./block-items.ts";
import { type CategoryRows, categoryReference } from "./category-reference.ts";
import { type Finish, finisher } from "./finish-signal.ts";
import { type NumericRows, numericReference } from "./numeric-reference.ts";
import { type ClassifiedRows, type OutputReference, outputReference } from "./output-reference.ts";
import { type Seasons, seasonsOf } from "./seasons.ts";

/** What is known of every row of the reference, by columns of equal length. */
export interface ReferenceRows {
  /** How many; >= 1. */
  readonly rows: number;
  readonly numbers: readonly NumericRows[];
  readonly categories: readonly CategoryRows[];
  readonly outputs: readonly ClassifiedRows[];
  /** When each row was, in milliseconds since 1970; shape [rows]. Without it rows follow each other as they stand. */
  readonly timesMs?: Float64Array | undefined;
}

export interface MakeProfileOptions {
  /** Items of a window in production. */
  readonly windowItems: number;
  /** How thresholds are found. */
  readonly calibration: CalibrationWish;
}

/** `blockItems` undefined: as the rows suggest (`blockItemsOf`). */
export interface CalibrationWish extends Omit<ProfileCalibration, "windowItems" | "blockItems"> {
  readonly blockItems?: number | undefined;
}

export interface MadeProfile {
  readonly profile: ReferenceProfile;
  /** Names of what is not in it, since no row has a value. */
  readonly empty: readonly string[];
  readonly seasons: Seasons;
}

/** Windows of at least this many items carry 20 bins, smaller ones 10 (telemetry.md 1.1). */
const LARGE_WINDOW_ITEMS = 1_000;
const largeWindow = { binsMax: 20, slotRowsMin: 500 };
const smallWindow = { binsMax: 10, slotRowsMin: 300 };

/** How finely windows of so many items can be looked at. */
export function finenessOf(windowItems: number): typeof largeWindow {
  return windowItems < LARGE_WINDOW_ITEMS ? smallWindow : largeWindow;
}

/**
 * The reference profile of a release (telemetry.md 2.1). Same rows and options, same profile.
 *
 * @throws z.ZodError when there are more features, words or classes than a profile holds
 */
export function makeProfile(reference: ReferenceRows, options: MakeProfileOptions): MadeProfile {
  const { windowItems } = options;
  const { binsMax, slotRowsMin } = finenessOf(windowItems);
  const { rows: samples, timesMs } = reference;
  const numbers = reference.numbers.map((column) => numericReference(column, binsMax));
  const categories = reference.categories.map(categoryReference);
  const outputs = reference.outputs.map(outputReference);
  const seasons = seasonsOf(timesMs, Math.max(slotRowsMin, windowItems));
  const calibration = calibrationOf(reference, seasons, options);
  const signals = [
    ...present([...numbers, ...categories]).map(({ binned }) => binned),
    ...present(outputs).flatMap((output) => [output.classes, output.confidence]),
  ];
  const finish = finisher({ signals, timesMs, seasons, calibration });
  const finished = present(categories).map((one) => finish(one.profile, one.binned));
  const profile = ReferenceProfile.parse({
    spec: 1,
    samples,
    features: present(numbers).map((one) => finish(one.profile, one.binned)),
    outputs: present(outputs).map((output) => finishedOutput(output, finish)),
    ...(finished.length > 0 && { categories: finished }),
    ...(calibration && { calibration }),
  });
  const columns = [...reference.numbers, ...reference.categories, ...reference.outputs];
  const made = [...numbers, ...categories, ...outputs];
  const empty = columns.flatMap(({ name }, index) => (made[index] === null ? [name] : []));
  return { profile, empty, seasons };
}

/** @returns null with fewer rows than one window has: there is nothing to learn about windows from them */
function calibrationOf(
  { rows, timesMs }: ReferenceRows,
  seasons: Seasons,
  { windowItems, calibration }: MakeProfileOptions,
): ProfileCalibration | null {
  if (rows < windowItems) return null;
  const wished = calibration.blockItems ?? blockItemsOf({ rows, windowItems, timesMs, seasons });
  return { ...calibration, windowItems, blockItems: Math.min(wished, windowItems) };
}

function finishedOutput(output: OutputReference, finish: Finish): OutputProfile {
  const { profile } = output;
  return {
    ...finish(profile, output.classes),
    confidence: finish(profile.confidence, output.confidence),
  };
}

function present<T>(parts: readonly (T | null)[]): T[] {
  return parts.filter((part) => part !== null);
}
