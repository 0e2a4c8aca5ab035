import type { CellValue } from "./read-cell.ts";

/** Seconds since 1970 stay below until the year 5138, milliseconds are above since 1973. */
const SECONDS_MAX = 1e11;
const day = String.raw`\d{4}-\d{2}-\d{2}`;
const clock = String.raw`\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?`;
const iso = new RegExp(`^(${day})(?:[T ](${clock})(Z|[+-]\\d{2}:?\\d{2})?)?$`);

/**
 * A time: ISO 8601, which is UTC unless it says otherwise; or a number, seconds or milliseconds since 1970.
 *
 * @returns milliseconds since 1970, >= 0; undefined when it is none
 */
export function readTime(value: CellValue): number | undefined {
  const ms = msOf(value);
  return ms !== undefined && ms >= 0 && Number.isFinite(ms) ? ms : undefined;
}

function msOf(value: CellValue): number | undefined {
  switch (value.kind) {
    case "time":
      return value.ms;
    case "number":
      return value.value < SECONDS_MAX ? value.value * 1_000 : value.value;
    case "text":
      return msOfText(value.text.trim());
    case "nothing":
    case "truth":
    case "list":
      return undefined;
  }
}

function msOfText(text: string): number | undefined {
  const [, date, time = "00:00", zone = "Z"] = iso.exec(text) ?? [];
  return date === undefined ? undefined : Date.parse(`${date}T${time}${zone}`);
}
