import { RequestRefused } from "./request-refused.ts";

export type JsonFields = Readonly<Record<string, unknown>>;

/** Readers of one JSON value each; a message names the place. All throw RequestRefused FORMAT. */

export function fieldsOf(value: unknown, place: string): JsonFields {
  if (isFields(value)) return value;
  throw refused(place, "an object", value);
}

export function optionalFields(value: unknown, place: string): JsonFields {
  return value === undefined ? {} : fieldsOf(value, place);
}

export function listOf(value: unknown, place: string, itemsMax: number): readonly unknown[] {
  if (Array.isArray(value) && value.length <= itemsMax) return value;
  throw refused(place, `a list of at most ${itemsMax}`, value);
}

export function textOf(value: unknown, place: string, charactersMax: number): string {
  if (typeof value === "string" && value.length <= charactersMax) return value;
  throw refused(place, `a text of at most ${charactersMax} characters`, value);
}

export function wholeOf(value: unknown, place: string): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw refused(place, "a whole number of at least 0", value);
}

export function flagOf(value: unknown, place: string): boolean | undefined {
  if (value === undefined || typeof value === "boolean") return value;
  throw refused(place, "true or false", value);
}

function isFields(value: unknown): value is JsonFields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refused(place: string, expected: string, value: unknown): RequestRefused {
  return new RequestRefused("FORMAT", `${place}: expected ${expected}, got ${kindOf(value)}`);
}

/** What came, without its content. */
function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "string") return "a text";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return value === null ? "null" : "an object";
}
