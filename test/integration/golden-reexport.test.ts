import { readFile } from "node:fs/promises";
import { scanOnnx } from "@modelfleet/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type RunnerFixture, runnerFixture, runnerPids } from "../support/agent/runner-fixture.ts";
import { denseContract, type StagedModel, stageModel } from "../support/agent/staged-model.ts";
import { encodeDenseLayers } from "../support/onnx/dense-layers.ts";
import { randomLayers } from "../support/onnx/dense-network.ts";
import { loadOnnxruntime } from "../support/onnx/load-onnxruntime.ts";
import { seededRandom } from "../support/random.ts";
import { sileroContracts, sileroGolden, sileroPath } from "../support/silero.ts";

const never = new AbortController().signal;

let fixture: RunnerFixture;
let golden: object;
beforeAll(async () => {
  golden = await sileroGolden(sileroPath("v5"));
  fixture = await runnerFixture();
});
afterAll(async () => {
  expect(await runnerPids(fixture.folder.path)).toEqual([]);
  await fixture[Symbol.asyncDispose]();
});

async function load(staged: StagedModel) {
  return fixture.host.load(await stageModel(fixture.folder.path, staged), never, "trial");
}

describe("S5: a model that was exported again", () => {
  test.each([
    "disabled",
    "basic",
    "extended",
    "all",
  ] as const)("at optimisation level %s passes the golden cases of the original at the default tolerance", async (graphOptimizationLevel) => {
    const onnx = await exportAgain(sileroPath("v5"), graphOptimizationLevel);
    expect(onnx).not.toEqual(await readFile(sileroPath("v5")));
    // What it was fused into are operators that a device's scan knows as well.
    expect(scanOnnx(onnx.length, (at, length) => onnx.subarray(at, at + length))).toBeTruthy();
    const model = await load({ onnx, io: sileroContracts.v5, golden });

    expect(model.golden).toMatchObject({ cases: 8 });
    expect(model.golden.maxAbsoluteError).toBeLessThan(1e-4);
    await model.stop();
  });
});

describe("S5: a model with one block of weights perturbed", () => {
  const layers = randomLayers([16, 64, 64, 4], seededRandom(19));
  const row = Float32Array.from({ length: 16 }, (_, i) => Math.sin(i));
  const onnx = encodeDenseLayers("whole", layers);

  test.each([
    ["by half", 1.5],
    ["by its sign", -1],
    ["to zero", 0],
  ])("%s loads, and is refused with the size of its error", async (_, factor) => {
    const perturbed = {
      ...{ onnx: perturb(factor), io: denseContract(16, 4) },
      golden: await goldenOf(onnx),
    };

    await expect(load(perturbed)).rejects.toMatchObject({
      code: "GOLDEN_MISMATCH",
      message: expect.stringMatching(
        /^golden case row: output y.*expected .*, got .* \(allclose, max absolute error \d.*\)$/,
      ) as string,
    });
  });

  test("by nothing passes", async () => {
    const model = await load({
      onnx: perturb(1),
      io: denseContract(16, 4),
      golden: await goldenOf(onnx),
    });

    expect(model.golden.maxAbsoluteError).toBe(0);
    await model.stop();
  });

  /** A quarter of the 4,096 weights of the middle layer: what leads away from 16 of its 64 inputs. */
  function perturb(factor: number): Uint8Array {
    const changed = layers.map((layer, i) => {
      const at = (place: number) => i === 1 && place < 1_024;
      const weights = layer.weights.map((weight, place) => (at(place) ? weight * factor : weight));
      return { ...layer, weights };
    });
    return encodeDenseLayers("whole", changed);
  }

  async function goldenOf(model: Uint8Array): Promise<object> {
    const { InferenceSession, Tensor } = await loadOnnxruntime();
    const session = await InferenceSession.create(model);
    const { y } = await session.run({ x: new Tensor("float32", row, [1, 16]) });
    await session.release();
    const tensor = (name: string, shape: number[], data: Iterable<unknown>) => ({
      ...{ name, datatype: "FP32", shape },
      data: [...data],
    });
    const compare = { kind: "allclose", atol: 1e-4, rtol: 1e-3 };
    const outputs = [tensor("y", [1, 4], (y?.data ?? []) as Float32Array)];
    const inputs = [tensor("x", [1, 16], row)];
    return { spec: 1, finite: true, cases: [{ name: "row", inputs, outputs, compare }] };
  }
});

/** The model as the library itself writes it after its own optimisations up to this level. */
async function exportAgain(
  path: string,
  graphOptimizationLevel: "disabled" | "basic" | "extended" | "all",
): Promise<Uint8Array> {
  const { InferenceSession } = await loadOnnxruntime();
  const optimizedModelFilePath = fixture.folder.inside(`again-${graphOptimizationLevel}.onnx`);
  const options = { graphOptimizationLevel, optimizedModelFilePath, logSeverityLevel: 4 } as const;
  const session = await InferenceSession.create(path, options);
  await session.release();
  return readFile(optimizedModelFilePath);
}
