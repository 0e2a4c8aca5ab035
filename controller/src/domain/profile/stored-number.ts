/** What the elements of a tensor of numbers can hold: a device sees a value after it was rounded to that. */
export type NumberType = "float32" | "float64" | "int64";

/** The largest a device counts: beyond it a value is counted as not a number (telemetry.md 2.2). */
const MAGNITUDE_MAX = 3.4028234663852886e38;

/** A value as a device reads it out of a tensor; NaN for what it counts as not a number. */
export function storedNumber(type: NumberType, value: number): number {
  const stored = type === "float32" ? Math.fround(value) : value;
  return Math.abs(stored) <= MAGNITUDE_MAX ? stored : Number.NaN;
}
