import { ElementType, elementTypes, type TensorSpec } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { findNonFinite } from "../../../../agent/src/domain/golden/find-non-finite.ts";
import { quantile } from "../../../../agent/src/domain/golden/quantile.ts";
import { smokeFillings, smokeInputs } from "../../../../agent/src/domain/golden/smoke-inputs.ts";
import { checkInputs } from "../../../../agent/src/domain/serving/check-tensors.ts";
import { floatsOf, floatTensor } from "../../../support/agent/floats.ts";

test("smoke inputs of every element type are ones the model takes", () => {
  const specs = ElementType.options.map((dtype) => ({ name: dtype, dtype, shape: [-1, 3, -1] }));
  expect(specs).toHaveLength(Object.keys(elementTypes).length);

  for (const filling of smokeFillings) {
    const inputs = smokeInputs(specs, 2, filling);

    expect(() => checkInputs(specs, inputs)).not.toThrow();
    expect(inputs[0]?.shape).toEqual([1, 3, 2]);
  }
});

test("noise is the same every time, inside ±1, and not constant", () => {
  const spec: TensorSpec = { name: "x", dtype: "float32", shape: [1_000] };

  const [once, again] = [smokeInputs([spec], 1, "noise"), smokeInputs([spec], 1, "noise")];

  expect(once).toEqual(again);
  const values = once.flatMap(floatsOf);
  expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(1);
  expect(new Set(values).size).toBeGreaterThan(900);
});

test("NaN and the infinities are found in every float type, and finite tensors pass", () => {
  const halves = (...words: readonly number[]) => ({
    name: "h",
    dtype: "float16" as const,
    shape: [words.length],
    bytes: new Uint8Array(Uint16Array.from(words).buffer),
  });

  expect(findNonFinite(floatTensor("y", [2], [1, Number.NaN]))).toBe("y[1] is NaN");
  expect(findNonFinite(floatTensor("y", [1], [Number.NEGATIVE_INFINITY]))).toBe(
    "y[0] is -Infinity",
  );
  expect(findNonFinite(floatTensor("y", [2], [1, 3e38]))).toBeUndefined();
  expect(findNonFinite(halves(0x3c00, 0x7c00))).toBe("h[1] is Infinity");
  expect(findNonFinite(halves(0x7bff))).toBeUndefined();
});

test("the nearest-rank quantile is one of the members", () => {
  // The worked example of nearest rank with five members: the 30th percentile is the 2nd.
  const members = [35, 20, 15, 50, 40];

  expect([0.05, 0.3, 0.4, 0.5, 1].map((share) => quantile(members, share))).toEqual([
    15, 20, 20, 35, 50,
  ]);
  expect(() => quantile([], 0.5)).toThrow(RangeError);
});
