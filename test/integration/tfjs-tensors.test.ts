import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadRuntime } from "../../agent/src/runner/load-runtime.ts";
import { type Runtime, TensorRefused } from "../../agent/src/runner/runtime.ts";
import type { WireTensor } from "../../agent/src/wire/wire-tensor.ts";
import { floatTensor } from "../support/agent/floats.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { denseLayersModel } from "../support/tfjs/dense-layers-model.ts";
import { identityGraph, placesGraph } from "../support/tfjs/graph-models.ts";
import { loadTfjs } from "../support/tfjs/load-tfjs.ts";
import { stageTfjs } from "../support/tfjs/stage-tfjs.ts";
import type { TfjsModel } from "../support/tfjs/tfjs-model.ts";

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

async function open(runtime: Runtime, model: TfjsModel) {
  const staged = await stageTfjs(folder.path, model);
  const { entry, files } = staged.document;
  const path = staged.files.get(entry) ?? "";
  const weights = files.filter((file) => file.path !== entry).map((file) => file.path);
  const places = weights.map((label) => staged.files.get(label) ?? "");
  return runtime.load({ path, weights: places }, { threads: 1 });
}

const truths: WireTensor = { name: "x", dtype: "bool", shape: [3], bytes: Uint8Array.of(1, 0, 1) };

describe.each(["tfjs-wasm", "tfjs-cpu"] as const)("%s", (id) => {
  test("holds no tensor more after a thousand answers than after one, and none of a model that is given back", async () => {
    const runtime = await loadRuntime(id);
    const { core } = await loadTfjs(id === "tfjs-wasm" ? "wasm" : "cpu");
    const before = core.memory().numTensors;
    const layers = await denseLayersModel({ inputs: 4, hidden: 8, outputs: 3, seed: 3 });
    await core.setBackend(id === "tfjs-wasm" ? "wasm" : "cpu");
    const dense = await open(runtime, layers);
    const places = await open(runtime, placesGraph());
    const pixels = floatTensor("pixels_input", [1, 4], [1, 2, 3, 4]);
    const tooWide = floatTensor("pixels_input", [1, 5], [1, 2, 3, 4, 5]);
    const askAll = async () => {
      await dense.run([pixels], []);
      await places.run([truths], []);
      await expect(dense.run([tooWide], [])).rejects.toThrow(/shape/);
    };

    await askAll();
    const { numTensors, numBytes } = core.memory();
    for (let round = 0; round < 333; round += 1) await askAll();

    expect(core.memory()).toMatchObject({ numTensors, numBytes });
    await Promise.all([dense.dispose(), places.dispose()]);
    expect(core.memory().numTensors).toBe(before);
  });

  test("runs a graph whose answer has as many rows as its values say", async () => {
    const places = await open(await loadRuntime(id), placesGraph());

    for (const bytes of [Uint8Array.of(1, 0, 1), Uint8Array.of(0, 0, 0), Uint8Array.of(1, 1, 1)]) {
      const [answer] = await places.run([{ ...truths, bytes }], []);
      const rows = [...bytes.keys()].filter((at) => bytes[at] === 1);
      expect(answer?.shape).toEqual([rows.length, 1]);
      expect(Buffer.from(answer?.bytes ?? [])).toEqual(Buffer.from(Int32Array.from(rows).buffer));
    }
    await places.dispose();
  });

  test("refuses an element type that TensorFlow.js does not have, naming the tensor", async () => {
    const identity = await open(await loadRuntime(id), identityGraph("int32", 1));
    const bytes = new Uint8Array(BigInt64Array.of(1n).buffer);

    const run = identity.run([{ name: "x", dtype: "int64", shape: [1], bytes }], []);

    await expect(run).rejects.toThrow(TensorRefused);
    await expect(run).rejects.toThrow("input x: expected float32, int32, bool, string");
    await identity.dispose();
  });

  test("never fetches", async () => {
    await loadRuntime(id);
    const { core } = await loadTfjs(id === "tfjs-wasm" ? "wasm" : "cpu");

    await expect(core.env().platform.fetch("http://127.0.0.1:9/model.json")).rejects.toThrow(
      "expected no request from a runner, got one for http://127.0.0.1:9/model.json",
    );
  });
});
