import { FormatError } from "../errors.ts";
import { telemetryLimits } from "../limits.ts";

/** A field of a message on its way in, for the sentence of a refusal: `windows[0].features[3]` and `counts`. */
export interface WireField {
  readonly place: string;
  readonly name: string;
}

/** A 64-bit wire number as a safe integer, 0 … max. */
export function countOf(value: bigint, max: number, field: WireField): number {
  if (value > BigInt(max)) throw refused(field, `at most ${max}`, value);
  return Number(value);
}

/** Counts as safe integers. @throws FormatError naming the first that is too large, or the list */
export function countsOf(
  values: readonly bigint[],
  limit: { readonly length: number; readonly each: number },
  field: WireField,
): readonly number[] {
  checkLength(values, limit.length, field);
  return values.map((value, i) =>
    countOf(value, limit.each, { place: field.place, name: `${field.name}[${i}]` }),
  );
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
