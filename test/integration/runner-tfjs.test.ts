import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Tensor } from "../../agent/src/domain/tensor.ts";
import { RuntimeDown, RuntimeOrder } from "../../agent/src/loading/runtime-order.ts";
import type { RuntimeId } from "../../agent/src/wire/runtime-id.ts";
import { floatTensor } from "../support/agent/floats.ts";
import { type RunnerFixture, runnerFixture, runnerPids } from "../support/agent/runner-fixture.ts";
import { bareTfjsAnswer } from "../support/tfjs/bare-tfjs.ts";
import { denseLayersModel } from "../support/tfjs/dense-layers-model.ts";
import { type GraphType, identityGraph, placesGraph } from "../support/tfjs/graph-models.ts";
import { stageTfjs, type TfjsRelease } from "../support/tfjs/stage-tfjs.ts";

const never = new AbortController().signal;
const values = [0.1, -0.2, 0.3, 0.4, 1, 2, 3, -4];
const pixels = floatTensor("pixels_input", [2, 4], values);

let fixture: RunnerFixture;
beforeAll(async () => {
  fixture = await runnerFixture();
});
afterAll(async () => {
  expect(await runnerPids(fixture.folder.path)).toEqual([]);
  await fixture[Symbol.asyncDispose]();
});

async function load(release: TfjsRelease, { host } = fixture) {
  return host.load(await stageTfjs(fixture.folder.path, release), never, "trial");
}

/** A host for which the other runtimes do not exist. */
function hostOf(id: RuntimeId) {
  const runtimes = new RuntimeOrder({ isInstalled: () => false });
  const search = runtimes.search({ format: "tfjs", runtime: "tfjs>=4.0" });
  for (const other of search.candidates.filter((candidate) => candidate !== id)) {
    search.passOver(other, new RuntimeDown(`${other}: not in this test`, { isLasting: true }));
  }
  return runnerFixture({ runtimes });
}

describe.each(["wasm", "cpu"] as const)("TensorFlow.js on %s", (backend) => {
  test("answers a model of layers bit by bit as the bare library does, run after run", async () => {
    await using only = await hostOf(`tfjs-${backend}`);
    const layers = await denseLayersModel({ inputs: 4, hidden: 8, outputs: 3, seed: 11 });
    const want = await bareTfjsAnswer(backend, layers, { values, shape: [2, 4] });

    const model = await load(layers, only);

    expect(model.runtime).toMatchObject({ id: `tfjs-${backend}`, version: "4.22.0" });
    expect(model.inputs).toEqual(layers.io.inputs);
    expect(model.outputs).toEqual(layers.io.outputs);
    for (let run = 0; run < 3; run += 1) {
      const [answer] = await model.infer([pixels], { timeoutMs: 10_000 });
      expect(answer?.shape).toEqual([2, 3]);
      expect(Buffer.from(answer?.bytes ?? [])).toEqual(want);
    }
    await model.stop();
  });

  const edges: readonly [GraphType, ArrayBufferView][] = [
    ["float32", Uint32Array.of(0x8000_0000, 0xff80_0000, 0x0000_0001, 0x7fc0_1234)],
    ["int32", Int32Array.of(0, -1, -(2 ** 31), 2 ** 31 - 1)],
    ["bool", Uint8Array.of(0, 1, 1, 0)],
    // Four texts: empty, one with a NUL, one that is not UTF-8, one of two characters.
    ["string", Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 255, 2, 0, 0, 0, 104, 105)],
  ];
  test.each(edges)("gives %s back as it came, of any shape", async (dtype, view) => {
    await using only = await hostOf(`tfjs-${backend}`);
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    const flat = await load(identityGraph(dtype, 1), only);

    for (const tensor of [
      { name: "x", dtype, shape: [4], bytes },
      { name: "x", dtype, shape: [0], bytes: bytes.subarray(0, 0) },
    ] satisfies Tensor[]) {
      const [answer] = await flat.infer([tensor], { timeoutMs: 10_000 });
      expect({ ...answer, bytes: Buffer.from(answer?.bytes ?? []) }).toEqual({
        ...tensor,
        name: "y",
        bytes: Buffer.from(tensor.bytes),
      });
    }
    await flat.stop();
  });
});
