import type { RefusalCode } from "@modelfleet/protocol";
import { encodeDenseLayers } from "../onnx/dense-layers.ts";
import { denseNetwork, randomLayers } from "../onnx/dense-network.ts";
import {
  cannotRun,
  endlessLoop,
  identity,
  memoryBomb,
  node,
  plainModel,
  weight,
} from "../onnx/hostile-models.ts";
import { bytesField, integerField, message, textField } from "../onnx/protobuf-writer.ts";
import { seededRandom } from "../random.ts";
import { denseContract, type StagedModel } from "./staged-model.ts";

export type BadRelease = StagedModel & {
  /** What a device must say of it. */
  readonly code: RefusalCode;
  /** What must be among the words. */
  readonly words: string;
};

const io = denseContract(4, 4);
const seed = 43;
const good = denseNetwork({ layers: [4, 8, 4], seed });
const random = seededRandom(seed);
const plain = (onnx: Uint8Array, code: RefusalCode, words: string): BadRelease => ({
  ...{ onnx, io, code, words },
});
const truncated = (sixteenths: number) =>
  plain(good.subarray(0, Math.floor((good.length * sixteenths) / 16)), "FORMAT", "ONNX model");
const withWeight = (...fields: readonly Uint8Array[]) =>
  plainModel([identity], { graph: [weight("w", ...fields)] });
const other = (name: string, contract: StagedModel["io"]): BadRelease => ({
  ...{ onnx: good, io: contract, code: "INCOMPATIBLE_SIGNATURE", words: name },
});
const value = (name: string, dtype: string, shape: readonly number[]) => ({ name, dtype, shape });
const right = { x: value("x", "float32", [-1, 4]), y: value("y", "float32", [-1, 4]) };

/** F43: files that are no model. */
const noModel: Readonly<Record<string, BadRelease>> = {
  "an empty file": plain(new Uint8Array(0), "FORMAT", "ONNX model"),
  "random bytes": plain(
    Uint8Array.from({ length: 4_096 }, () => random.below(256)),
    "FORMAT",
    "ONNX model",
  ),
  zeros: plain(new Uint8Array(4_096), "FORMAT", "ONNX model"),
  "an error page": plain(
    Buffer.from("<!doctype html><title>502 Bad Gateway</title>"),
    "FORMAT",
    "ONNX model",
  ),
  ...Object.fromEntries(
    Array.from({ length: 15 }, (_, i) => [`a model cut at ${i + 1}/16`, truncated(i + 1)]),
  ),
};

/** F44: models for something else. */
const otherModel: Readonly<Record<string, BadRelease>> = {
  "an unknown operator": plain(
    plainModel([node("Sparkle", ["x"], ["y"])]),
    "LOAD_FAILED",
    "Sparkle",
  ),
  "an operator of somebody's own": plain(
    plainModel([node("Sparkle", ["x"], ["y"], [textField(7, "com.acme")])], {
      model: [bytesField(8, message(textField(1, "com.acme"), integerField(2, 1)))],
    }),
    "UNSUPPORTED_OPSET",
    "com.acme:Sparkle",
  ),
  "operator set 99": plain(plainModel([identity], { opset: 99 }), "UNSUPPORTED_OPSET", "opset 99"),
  "format version 99": plain(
    plainModel([identity], { ir: 99 }),
    "UNSUPPORTED_OPSET",
    "IR version 99",
  ),
  "another name of an input": other("x", {
    inputs: [{ ...right.x, name: "z" }],
    outputs: [right.y],
  }),
  "another element type": other("y", {
    inputs: [right.x],
    outputs: [{ ...right.y, dtype: "int64" }],
  }),
  "another shape": other("[-1,5]", {
    inputs: [{ ...right.x, shape: [-1, 5] }],
    outputs: [right.y],
  }),
};

/** F45: models that want more than there is. */
const tooMuch: Readonly<Record<string, BadRelease>> = {
  "three gigabytes out of 172 bytes": {
    ...plain(memoryBomb(805_306_368), "LOAD_FAILED", "size 3221225472"),
    limits: { memoryMiB: 64 },
  },
  "more than can be addressed": plain(memoryBomb(2 ** 40, 2 ** 40), "LOAD_FAILED", "overflow"),
  "a weight whose size overflows": plain(
    withWeight(...[1, 2, 3].map(() => integerField(1, 2 ** 31)), integerField(2, 1)),
    "FORMAT",
    "countable",
  ),
  "a weight of two gigabytes that brings four bytes": plain(
    withWeight(integerField(1, 2 ** 29), integerField(2, 1), bytesField(9, new Uint8Array(4))),
    "FORMAT",
    "2147483648 bytes for weight w",
  ),
};

/** F46, F47 and S4: models that load, and are wrong. */
const wrong: Readonly<Record<string, BadRelease>> = {
  "weights that are no numbers": plain(notANumber(), "NON_FINITE", "finite"),
  "answers off by more than the tolerance": {
    ...plain(plainModel([identity]), "GOLDEN_MISMATCH", "max absolute error 0.002"),
    golden: goldenOf([1.002, 1, 1, 1]),
  },
  "a model that loads and cannot run": plain(cannotRun(), "LOAD_FAILED", "requested shape:{7}"),
  "a slow model": {
    ...plain(
      denseNetwork({ layers: [4, 1024, 1024, 4], repeats: 100, seed }),
      "GOLDEN_SLOW",
      "95th percentile",
    ),
    golden: { ...goldenOf([0, 0, 0, 0], 10), maxP95Ms: 0.2 },
  },
  "an endless loop": {
    ...plain(endlessLoop(), "WARMUP_TIMEOUT", "within 2000 ms"),
    limits: { loadMs: 2_000 },
  },
};

/** Releases a device must refuse, by what is wrong with them. */
export const badReleases: Readonly<Record<string, BadRelease>> = {
  ...noModel,
  ...otherModel,
  ...tooMuch,
  ...wrong,
};

export const goodRelease: StagedModel = { onnx: good, io, version: "0.9.0" };

function notANumber(): Uint8Array {
  const layers = randomLayers([4, 4], seededRandom(seed));
  for (const { weights } of layers) weights.fill(Number.NaN);
  return encodeDenseLayers("nan", layers);
}

/** One case: `expected` for four ones, right to `atol`. */
function goldenOf(expected: readonly number[], atol = 0): object {
  const tensor = (name: string, data: readonly number[]) => ({
    ...{ name, datatype: "FP32", shape: [1, 4], data },
  });
  return {
    spec: 1,
    finite: true,
    cases: [
      {
        name: "ones",
        inputs: [tensor("x", [1, 1, 1, 1])],
        outputs: [tensor("y", expected)],
        compare: { kind: "allclose", atol, rtol: 1e-3 },
      },
    ],
  };
}
