import { loadOnnxruntime } from "../../test/support/onnx/load-onnxruntime.ts";
import { CLASSES, type Digit, PIXELS } from "./dataset.ts";

/** The probabilities a model file gives for each digit, in the order of the digits. */
export async function classify(
  model: Uint8Array,
  digits: readonly Digit[],
): Promise<Float32Array[]> {
  const { InferenceSession, Tensor } = await loadOnnxruntime();
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1 });
  try {
    const x = new Float32Array(digits.length * PIXELS);
    digits.forEach(({ pixels }, i) => {
      x.set(pixels, i * PIXELS);
    });
    const { y } = await session.run({ x: new Tensor("float32", x, [digits.length, PIXELS]) });
    return rowsOf(y?.data, digits.length);
  } finally {
    await session.release();
  }
}

function rowsOf(values: unknown, rows: number): Float32Array[] {
  if (!(values instanceof Float32Array) || values.length !== rows * CLASSES) {
    throw new TypeError(`expected an output y of ${rows} × ${CLASSES} float32 values`);
  }
  return Array.from({ length: rows }, (_, i) => values.slice(i * CLASSES, (i + 1) * CLASSES));
}

/** The class with the highest probability; the first of equals. */
export function argmax(chances: Float32Array): number {
  return chances.reduce((best, chance, i) => (chance > (chances[best] ?? 0) ? i : best), 0);
}

/** Share of the digits recognised, 0 to 1. */
export function accuracy(chances: readonly Float32Array[], digits: readonly Digit[]): number {
  const correct = digits.filter(({ label }, i) => {
    const row = chances[i];
    return row !== undefined && argmax(row) === label;
  });
  return correct.length / digits.length;
}
