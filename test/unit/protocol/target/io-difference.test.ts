import { ioDifference, type TensorSpec } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";

const image = spec("image", [-1, 784]);
const scores = spec("scores", [-1, 10]);
const current = { inputs: [image], outputs: [scores] };

describe("applications notice nothing when", () => {
  test.each([
    ["nothing changes", current],
    ["a further output comes", { ...current, outputs: [scores, spec("embedding", [-1, 64])] }],
    ["an input is freed", { ...current, inputs: [spec("image", [-1, -1])] }],
    ["an output is fixed", { ...current, outputs: [spec("scores", [1, 10])] }],
  ])("%s", (_, next) => {
    expect(ioDifference(current, next)).toBeNull();
  });
});

describe("applications are surprised when", () => {
  test.each([
    ["an input is new", { ...current, inputs: [image, spec("state", [2])] }, "input state"],
    ["an input is gone", { ...current, inputs: [] }, "no image"],
    [
      "an input is fixed",
      { ...current, inputs: [spec("image", [1, 784])] },
      "image float32[1,784]",
    ],
    ["an input is longer", { ...current, inputs: [spec("image", [-1, 785])] }, "[-1,785]"],
    ["an input has another rank", { ...current, inputs: [spec("image", [-1])] }, "[-1]"],
    ["an output is gone", { ...current, outputs: [] }, "no scores"],
    ["an output is freed", { ...current, outputs: [spec("scores", [-1, -1])] }, "[-1,-1]"],
    ["an output has another type", { ...current, outputs: [doubles()] }, "float64"],
  ])("%s", (_, next, need) => {
    expect(ioDifference(current, next)?.need).toContain(need);
  });
});

function spec(name: string, shape: number[]): TensorSpec {
  return { name, dtype: "float32", shape };
}

function doubles(): TensorSpec {
  return { ...scores, dtype: "float64" };
}
