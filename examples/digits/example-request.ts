import { argmax } from "./classify.ts";
import { type Digit, PIXELS } from "./dataset.ts";

const LABEL = 7;

/**
 * `seven.json`, for people who ask a device by hand: the first held-out seven that the release recognises, as a request
 * of the Open Inference Protocol v2 that wants the digit alone.
 *
 * @throws RangeError when the release recognises no seven at all
 */
export function exampleRequest(digits: readonly Digit[], chances: readonly Float32Array[]): object {
  const seven = digits.find(({ label }, i) => {
    const row = chances[i];
    return label === LABEL && row !== undefined && argmax(row) === LABEL;
  });
  if (seven === undefined) throw new RangeError("expected a seven that is recognised, got none");
  const data = Array.from(seven.pixels, (value) => Number(value.toFixed(3)));
  return {
    inputs: [{ name: "x", datatype: "FP32", shape: [1, PIXELS], data }],
    outputs: [{ name: "digit" }],
  };
}
