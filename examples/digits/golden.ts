import { CLASSES, type Digit, PIXELS } from "./dataset.ts";

/** What float32 kernels of different processors may differ by; a change of mind is a thousand times larger. */
const TOLERANCE = { kind: "allclose", atol: 0.0001, rtol: 0.001 };

/** The digits of the golden cases: the first held-out one of each class. */
export function goldenDigits(heldOut: readonly Digit[]): Digit[] {
  return Array.from({ length: CLASSES }, (_, label) => {
    const digit = heldOut.find((candidate) => candidate.label === label);
    if (digit === undefined) throw new RangeError(`expected a held-out digit ${label}, got none`);
    return digit;
  });
}

/** `golden.json`: each case is a request of the Open Inference Protocol v2 and its answer. */
export function goldenFile(digits: readonly Digit[], chances: readonly Float32Array[]): object {
  return {
    spec: 1,
    finite: true,
    cases: digits.map(({ pixels, label }, i) => ({
      name: `a held-out ${label}`,
      inputs: [{ name: "x", datatype: "FP32", shape: [1, PIXELS], data: rounded(pixels, 3) }],
      outputs: [
        { name: "y", datatype: "FP32", shape: [1, CLASSES], data: rounded(chances[i] ?? [], 6) },
      ],
      compare: TOLERANCE,
    })),
  };
}

/** Pixels have three decimals in the package; further decimals of a float32 say nothing and only lengthen the file. */
function rounded(values: Iterable<number>, decimals: number): number[] {
  return Array.from(values, (value) => Number(value.toFixed(decimals)));
}
