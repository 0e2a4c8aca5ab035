import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RuntimeOrder } from "../../agent/src/loading/runtime-order.ts";
import { floatsOf, floatTensor } from "../support/agent/floats.ts";
import { everyRuntime, otherInstall, truncatedNative } from "../support/agent/other-install.ts";
import { type RunnerFixture, runnerFixture, runnerPids } from "../support/agent/runner-fixture.ts";
import { denseContract, stageModel } from "../support/agent/staged-model.ts";
import { denseNetwork } from "../support/onnx/dense-network.ts";
import { identity, plainModel } from "../support/onnx/hostile-models.ts";
import { textField } from "../support/onnx/protobuf-writer.ts";
import { sileroContracts, sileroGolden, sileroPath } from "../support/silero.ts";
import { bareTfjsAnswer } from "../support/tfjs/bare-tfjs.ts";
import { denseLayersModel } from "../support/tfjs/dense-layers-model.ts";
import { stageTfjs } from "../support/tfjs/stage-tfjs.ts";

const never = new AbortController().signal;
const small = {
  onnx: denseNetwork({ layers: [4, 8, 3], seed: 7 }),
  io: denseContract(4, 3),
};

let fixture: RunnerFixture;
beforeAll(async () => {
  fixture = await runnerFixture();
});
afterAll(async () => {
  expect(await runnerPids(fixture.folder.path)).toEqual([]);
  await fixture[Symbol.asyncDispose]();
});

/** A host of runners whose packages are others than ours; it tells which runtimes it gave up. */
async function hostWith(
  install: Parameters<typeof otherInstall>[1],
  isInstalled: () => boolean = () => false,
) {
  const folder = fixture.folder.inside(`install-${Math.round(performance.now() * 1_000)}`);
  const runnerPath = await otherInstall(folder, install);
  const down: string[] = [];
  const runtimes = new RuntimeOrder({ isInstalled, onDown: (id) => down.push(id) });
  const other = await runnerFixture({ runnerPath, runtimes });
  return { ...other, install: folder, down };
}

const without = (name: string) => everyRuntime.filter((other) => other !== name);

describe("S23: a device on which the native runtime does not load", () => {
  test("runs a real model by WebAssembly, by the same golden cases, and says why", async () => {
    await using device = await hostWith({ packages: without("onnxruntime-node"), files: {} });
    await truncatedNative(device.install);
    const staged = await stageModel(fixture.folder.path, {
      onnx: await readFile(sileroPath("v5")),
      io: sileroContracts.v5,
      golden: await sileroGolden(sileroPath("v5")),
    });

    const model = await device.host.load(staged, never, "trial");

    expect(model.runtime).toMatchObject({ id: "onnxruntime-web", version: "1.30.0" });
    expect(model.runtime.reason).toMatch(
      /^onnxruntime-node: onnxruntime_binding\.node: .+: chosen onnxruntime-web$/,
    );
    expect(model.golden.cases).toBe(8);
    expect(model.golden.maxAbsoluteError).toBeLessThan(1e-4);
    expect(model.inputs).toEqual(sileroContracts.v5.inputs);
    await model.stop();
  });

  test("says so where the package has no build for its processor, and tries it once only", async () => {
    const missing = "require('../bin/napi-v6/linux/arm/onnxruntime_binding.node')";
    await using device = await hostWith({
      packages: without("onnxruntime-node"),
      files: { "onnxruntime-node/index.js": missing },
    });
    const staged = await stageModel(fixture.folder.path, small);

    const first = await device.host.load(staged, never, "trial");
    const second = await device.host.load(staged, never, "trial");

    const why = "Cannot find module '../bin/napi-v6/linux/arm/onnxruntime_binding.node'";
    expect(first.runtime.reason).toBe(`onnxruntime-node: ${why}: chosen onnxruntime-web`);
    expect(second.runtime).toEqual(first.runtime);
    expect(device.down).toEqual(["onnxruntime-node"]);
    await Promise.all([first.stop(), second.stop()]);
  });

  test("passes over a runtime that its processor does not survive, without taking the release for the cause", async () => {
    await using device = await hostWith({
      packages: without("onnxruntime-node"),
      files: { "onnxruntime-node/index.js": "process.kill(process.pid, 'SIGILL')" },
    });

    const model = await device.host.load(
      await stageModel(fixture.folder.path, small),
      never,
      "trial",
    );

    expect(model.runtime.reason).toBe(
      "onnxruntime-node: runner was ended by SIGILL: chosen onnxruntime-web",
    );
    expect(device.down).toEqual([]);
    const x = floatTensor("x", [1, 4], [0.1, 0.2, 0.3, 0.4]);
    const [y] = await model.infer([x], { timeoutMs: 10_000 });
    expect(floatsOf(y ?? x).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
    await model.stop();
  });

  test("reads a model as what it was scanned as, though its first bytes are those of another format", async () => {
    await using device = await hostWith({
      packages: without("onnxruntime-node"),
      files: { "onnxruntime-node/index.js": "throw new Error('no luck')" },
    });
    // Bytes 4 to 8 name the flatbuffers of ONNX Runtime; here they are the name of the model's producer.
    const onnx = plainModel([identity], { first: [textField(2, "ORTM")] });
    expect(Buffer.from(onnx).toString("latin1", 4, 8)).toBe("ORTM");

    const staged = await stageModel(fixture.folder.path, { onnx, io: denseContract(4, 4) });
    const model = await device.host.load(staged, never, "trial");

    expect(model.runtime.id).toBe("onnxruntime-web");
    await model.stop();
  });

  test("with no runtime left refuses the release, with what each of them said", async () => {
    await using device = await hostWith({
      packages: [],
      files: { "onnxruntime-node/index.js": "throw new Error('no luck')" },
    });

    const load = device.host.load(await stageModel(fixture.folder.path, small), never, "trial");

    await expect(load).rejects.toMatchObject({
      code: "UNSUPPORTED_RUNTIME",
      message: expect.stringMatching(
        /^onnxruntime-node: no luck; onnxruntime-web: Cannot find package 'onnxruntime-web'/,
      ) as string,
    });
  });
});

test("a model that the first runtime refuses is not given to the next one", async () => {
  const broken = { ...small, onnx: small.onnx.slice(0, -40) };
  const staged = await stageModel(fixture.folder.path, broken);

  const load = fixture.host.load(staged, never, "trial");

  await expect(load).rejects.toMatchObject({ code: "LOAD_FAILED" });
});

describe("S23: a model of TensorFlow.js", () => {
  const values = [0.5, -1, 2, 0.25];
  const pixels = floatTensor("pixels_input", [1, 4], values);
  const layers = denseLayersModel({ inputs: 4, hidden: 8, outputs: 3, seed: 5 });

  test("runs on WebAssembly where tfjs-node is not installed", async () => {
    const model = await fixture.host.load(
      await stageTfjs(fixture.folder.path, await layers),
      never,
      "trial",
    );

    expect(model.runtime).toEqual({
      id: "tfjs-wasm",
      version: "4.22.0",
      reason: "first choice of this platform",
    });
    await model.stop();
  });

  test("runs in plain JavaScript where WebAssembly does not start", async () => {
    await using device = await hostWith({
      packages: without("@tensorflow/tfjs-backend-wasm"),
      files: {},
    });
    const want = await bareTfjsAnswer("cpu", await layers, { values, shape: [1, 4] });

    const staged = await stageTfjs(fixture.folder.path, await layers);
    const model = await device.host.load(staged, never, "trial");

    expect(model.runtime.reason).toMatch(/^tfjs-wasm: Cannot find .+: chosen tfjs-cpu$/);
    const [classes] = await model.infer([pixels], { timeoutMs: 10_000 });
    expect(Buffer.from(classes?.bytes ?? [])).toEqual(want);
    await model.stop();
  });

  /** As the real package does it: all of the library, and a function that newer versions of Node do not have. */
  const tfjsNode = `
    const util = require("util");
    const core = require("@tensorflow/tfjs-core");
    require("@tensorflow/tfjs-backend-cpu");
    core.setBackend("cpu");
    const tensor = (...given) => {
      if (util.isNullOrUndefined(given[0])) throw new Error("expected values");
      return core.tensor(...given);
    };
    const { loadLayersModel } = require("@tensorflow/tfjs-layers");
    const { loadGraphModel } = require("@tensorflow/tfjs-converter");
    const version = { "tfjs-core": "VERSION" };
    module.exports = { ...core, tensor, loadLayersModel, loadGraphModel, version };
  `;
  const withTfjsNode = (version: string) =>
    hostWith(
      {
        packages: everyRuntime,
        files: { "@tensorflow/tfjs-node/index.js": tfjsNode.replace("VERSION", version) },
      },
      () => true,
    );

  test("runs on tfjs-node where its owner has installed it, also under a Node that it does not know", async () => {
    await using device = await withTfjsNode("4.22.0");

    const staged = await stageTfjs(fixture.folder.path, await layers);
    const model = await device.host.load(staged, never, "trial");

    expect(model.runtime).toEqual({
      id: "tfjs-node",
      version: "4.22.0",
      reason: "first choice of this platform",
    });
    const [classes] = await model.infer([pixels], { timeoutMs: 10_000 });
    const want = await bareTfjsAnswer("cpu", await layers, { values, shape: [1, 4] });
    expect(Buffer.from(classes?.bytes ?? [])).toEqual(want);
    await model.stop();
  });

  test("passes over an installed version that is older than the release asks for", async () => {
    await using device = await withTfjsNode("3.21.0");

    const staged = await stageTfjs(fixture.folder.path, await layers);
    const model = await device.host.load(staged, never, "trial");

    expect(model.runtime).toMatchObject({
      id: "tfjs-wasm",
      reason: "tfjs-node 3.21.0: the release needs tfjs>=4.0: chosen tfjs-wasm",
    });
    await model.stop();
  });
});
