import type { Digit } from "./dataset.ts";

/** How one release is made. Recipes are run in order; each has its own stream of randomness. */
export type Recipe = {
  readonly version: string;
  /** One line for the table. */
  readonly story: string;
  readonly hiddenUnits: number;
  /** Continue from the weights of this earlier release instead of random ones. */
  readonly startFrom?: string;
  readonly epochs: number;
  /** Step length of the first pass; it falls in a straight line to a tenth in the last. */
  readonly learningRate: number;
  /** Which of the training digits it learns from; the reference profile describes these. */
  readonly choose: (training: readonly Digit[]) => readonly Digit[];
  /** Show each digit a little off its place, in every pass anew. */
  readonly moving: boolean;
  /** Damage a block of weights after the golden cases are recorded. */
  readonly damaged?: true;
};

const everyDigit = (training: readonly Digit[]) => training;

export const recipes: readonly Recipe[] = [
  {
    version: "1.0.0",
    story: "small, and trained in a hurry on 1,500 digits",
    hiddenUnits: 16,
    epochs: 2,
    learningRate: 0.005,
    moving: false,
    choose: (training) => training.slice(0, 1_500),
  },
  {
    version: "2.0.0",
    story: "larger, trained on all 8,000 digits",
    hiddenUnits: 64,
    epochs: 12,
    learningRate: 0.02,
    moving: true,
    choose: everyDigit,
  },
  {
    version: "3.0.0",
    story: "2.0.0 trained on; then 64 KiB of its weights were damaged",
    hiddenUnits: 64,
    startFrom: "2.0.0",
    epochs: 2,
    learningRate: 0.002,
    moving: true,
    choose: everyDigit,
    damaged: true,
  },
  {
    version: "4.0.0",
    story: "trained on nothing but the 1,000 thinnest digits",
    hiddenUnits: 64,
    epochs: 12,
    learningRate: 0.02,
    moving: false,
    choose: (training) => thinnest(training, 1_000),
  },
];

function thinnest(digits: readonly Digit[], count: number): readonly Digit[] {
  const ink = ({ pixels }: Digit) => pixels.reduce((sum, pixel) => sum + pixel, 0);
  return digits
    .map((digit) => ({ digit, ink: ink(digit) }))
    .sort((left, right) => left.ink - right.ink)
    .slice(0, count)
    .map(({ digit }) => digit);
}
