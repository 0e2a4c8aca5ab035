import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { tfjsLimits } from "@modelfleet/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Tensor } from "../../agent/src/domain/tensor.ts";
import { modelFiles } from "../../agent/src/loading/model-files.ts";
import { RuntimeDown, RuntimeOrder } from "../../agent/src/loading/runtime-order.ts";
import type { RuntimeId } from "../../agent/src/wire/runtime-id.ts";
import { floatsOf, floatTensor } from "../support/agent/floats.ts";
import { type RunnerFixture, runnerFixture, runnerPids } from "../support/agent/runner-fixture.ts";
import { bareTfjsAnswer } from "../support/tfjs/bare-tfjs.ts";
import { denseLayersModel } from "../support/tfjs/dense-layers-model.ts";
import { annotatedGraph, type GraphType, identityGraph } from "../support/tfjs/graph-models.ts";
import { stageTfjs, type TfjsRelease } from "../support/tfjs/stage-tfjs.ts";
import { jsonBytes, type TfjsModel } from "../support/tfjs/tfjs-model.ts";

const run = promisify(execFile);
const coldAnswer = fileURLToPath(new URL("../support/agent/cold-answer.ts", import.meta.url));
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

test("a model that loads and cannot run is refused before it answers anybody, and the release that answers goes on", async () => {
  const layers = await denseLayersModel({ inputs: 4, hidden: 8, outputs: 3, seed: 11 });
  const serving = await load(layers);
  const [before] = await serving.infer([pixels], { timeoutMs: 10_000 });

  await expect(load(await languageDetection())).rejects.toMatchObject({
    code: "LOAD_FAILED",
    message: expect.stringMatching(/^the model loads but runs on none of the generated/) as string,
  });

  const [after] = await serving.infer([pixels], { timeoutMs: 10_000 });
  expect(after).toEqual(before);
  await serving.stop();
});

test("a graph whose model.json is near the largest that is taken has room in its runner", async () => {
  const large = annotatedGraph(2_000_000);
  const bytes = large.files.get("model.json")?.length ?? 0;
  expect(bytes).toBeGreaterThan(0.7 * tfjsLimits.modelBytesMax);
  expect(bytes).toBeLessThan(tfjsLimits.modelBytesMax);

  const model = await load(large);

  const x = floatTensor("x", [1], [7]);
  const [y] = await model.infer([x], { timeoutMs: 10_000 });
  expect(floatsOf(y ?? x)).toEqual(floatsOf(x));
  await model.stop();
});

describe("F42: on the device a model", () => {
  test.each([
    "../../etc/passwd",
    "/etc/passwd",
    "https://example.org/w.bin",
    "unlisted.bin",
  ])("that names its weights %s is refused before any runtime sees it", async (path) => {
    const layers = await denseLayersModel({ inputs: 4, hidden: 8, outputs: 3, seed: 11 });
    const json = JSON.parse(new TextDecoder().decode(layers.files.get("model.json"))) as {
      readonly weightsManifest: readonly { paths: string[] }[];
    };
    for (const group of json.weightsManifest) group.paths = [path];
    const files = new Map([...layers.files, ["model.json", jsonBytes(json)]]);

    await using device = await runnerFixture();

    await expect(load({ ...layers, files }, device)).rejects.toMatchObject({
      code: "EXTERNAL_DATA",
      message: expect.stringContaining(`got ${JSON.stringify(path)}`) as string,
    });
    expect(existsSync(device.folder.inside("run"))).toBe(false);
  });

  test("whose weights are of another length is refused as well", async () => {
    const layers = await denseLayersModel({ inputs: 4, hidden: 8, outputs: 3, seed: 11 });
    const files = new Map(layers.files);
    files.set("group1-shard2of2.bin", Buffer.from("short"));

    await expect(load({ ...layers, files })).rejects.toMatchObject({ code: "FORMAT" });
  });
});

test("a model whose release says other shapes than it has is refused", async () => {
  const layers = await denseLayersModel({ inputs: 4, hidden: 8, outputs: 3, seed: 11 });
  const [input] = layers.io.inputs;
  const outputs = [{ name: "classes", dtype: "float32", shape: [-1, 4] }] as const;
  const io = { inputs: input === undefined ? [] : [input], outputs };

  await expect(load({ ...layers, io } as unknown as TfjsRelease)).rejects.toMatchObject({
    code: "INCOMPATIBLE_SIGNATURE",
    message: "output classes: expected float32 [-1,4], got float32 [-1,3]",
  });
});

test("S26: the first live answer of a model is not its first: it is warm before it may answer", async () => {
  const large = await denseLayersModel({ inputs: 512, hidden: 2_048, outputs: 2_048, seed: 2 });
  const halves = Array<number>(512).fill(0.5);
  const row = floatTensor("pixels_input", [1, 512], halves);
  const coldMs = await coldAnswerMs(large, ["pixels_input", halves]);

  const model = await load(large);
  const beganMs = performance.now();
  await model.infer([row], { timeoutMs: 10_000 });
  const firstMs = performance.now() - beganMs;
  await model.stop();

  // Cold it takes a hundred times as long as warm; half of that is far from both on the busiest machine.
  expect(firstMs).toBeLessThan(coldMs / 2);
});

/** What the very first answer takes, in a process that nobody has asked to warm up. */
async function coldAnswerMs(
  model: TfjsModel,
  input: readonly [string, readonly number[]],
): Promise<number> {
  const files = await modelFiles(await stageTfjs(fixture.folder.path, model));
  const flags = ["--conditions=modelfleet-source", "--no-warnings", coldAnswer];
  const { stdout } = await run(process.execPath, [...flags, JSON.stringify({ ...files, input })]);
  return z.coerce.number().positive().parse(stdout);
}

/** Somebody else's graph model with texts in: TensorFlow.js loads it, and breaks down in its first reshape. */
async function languageDetection(): Promise<TfjsRelease> {
  const require = createRequire(import.meta.url);
  const names = ["model.json", "group1-shard1of1.bin"];
  const files = new Map<string, Uint8Array>();
  for (const name of names) {
    const path = require.resolve(`@vscode/vscode-languagedetection/model/${name}`);
    files.set(name, await readFile(path));
  }
  return {
    files,
    io: {
      inputs: [{ name: "inputs", dtype: "string", shape: [-1] }],
      outputs: [
        { name: "scores", dtype: "float32", shape: [-1, 54] },
        { name: "classes", dtype: "string", shape: [-1, 54] },
      ],
    },
  };
}
