import { FormatError } from "./errors.ts";

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * `90s`, `30m`, `24h`, `7d`, `500ms` → milliseconds.
 *
 * @throws FormatError when it is not a whole number and a unit
 */
export function parseDuration(text: string): number {
  const [, digits, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  if (digits === undefined || !isUnit(unit)) {
    throw new FormatError(
      "FORMAT",
      `expected a duration like 90s, 30m, 24h or 7d, got "${text.slice(0, 32)}"`,
    );
  }
  return Number(digits) * UNIT_MS[unit];
}

function isUnit(text: string | undefined): text is keyof typeof UNIT_MS {
  return text !== undefined && Object.hasOwn(UNIT_MS, text);
}
