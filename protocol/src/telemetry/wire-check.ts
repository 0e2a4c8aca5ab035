import { FormatError } from "../errors.ts";
import { telemetryLimits } from "../limits.ts";

/** A field of a message on its way in, for the sentence of a refusal: `windows[0].features[3]` and `counts`. */
export interface WireField {
  readonly place: string;
  readonly name: string;
}

/** A 64-bit wire number as a safe integer, 0 … max. */
export function countOf(value: bigint, max: number, field: WireField): number {
  const count = Number(value);
  if (!(count <= max)) throw refused(field, `at most ${max}`, value);
  return count;
}

interface CountsLimit {
  readonly length: number;
  readonly each: number;
}

/** Counts as safe integers. @throws FormatError naming the first that is too large, or the list */
export function countsOf(
  values: readonly bigint[],
  limit: CountsLimit,
  field: WireField,
): readonly number[] {
  checkLength(values, limit.length, field);
  const counts = values.map(Number);
  const wrong = counts.findIndex((count) => !(count <= limit.each));
  if (wrong === -1) return counts;
  throw refused(entryOf(field, wrong), `at most ${limit.each}`, counts[wrong] ?? 0);
}

/** Counts with noise on them: also below 0, by as much. @throws FormatError as `countsOf` */
export function noisedOf(
  values: readonly bigint[],
  limit: CountsLimit,
  field: WireField,
): readonly number[] {
  checkLength(values, limit.length, field);
  const counts = values.map(Number);
  const wrong = counts.findIndex((count) => !(Math.abs(count) <= limit.each));
  if (wrong === -1) return counts;
  throw refused(entryOf(field, wrong), `within ±${limit.each}`, counts[wrong] ?? 0);
}

function entryOf({ place, name }: WireField, index: number): WireField {
  return { place, name: `${name}[${index}]` };
}

/** @throws FormatError naming the list when it has more entries */
export function checkLength(
  list: { readonly length: number },
  lengthMax: number,
  field: WireField,
): void {
  if (list.length > lengthMax) throw refused(field, `at most ${lengthMax} entries`, list.length);
}

/** A number within ±`sumMagnitudeMax`. @throws FormatError naming the field, also for NaN */
export function finiteOf(value: number, field: WireField): number {
  const max = telemetryLimits.sumMagnitudeMax;
  if (!(Math.abs(value) <= max)) throw refused(field, `a number within ±${max}`, value);
  // One zero only, so that equal windows are equal bytes.
  return value + 0;
}

/** The refusal of a field: what was expected and what came. */
export function refused(
  { place, name }: WireField,
  expected: string,
  got: bigint | number | string,
): FormatError {
  const path = place === "" ? name : `${place}.${name}`;
  return new FormatError("FORMAT", `expected telemetry ${path}: ${expected}, got ${got}`);
}
