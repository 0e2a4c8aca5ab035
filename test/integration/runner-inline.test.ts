import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { inlineHost } from "../../agent/src/adapters/runner-inline/inline-host.ts";
import { processMemoryBytes } from "../../agent/src/adapters/runner-process/process-memory.ts";
import type { LoadedModel } from "../../agent/src/ports/runner-host.ts";
import { floatsOf, floatTensor } from "../support/agent/floats.ts";
import { identityModel } from "../support/agent/identity-model.ts";
import { noModels } from "../support/agent/no-models.ts";
import { realClock } from "../support/agent/runner-fixture.ts";
import { denseContract, type StagedModel, stageModel } from "../support/agent/staged-model.ts";
import { textLike } from "../support/agent/text-like.ts";
import { denseNetwork } from "../support/onnx/dense-network.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

/** Read by the library while it loads: without it, this test process would send its usage to the library's makers. */
process.env["ORT_DISABLE_TELEMETRY"] = "1";

const network = denseNetwork({ layers: [4, 8, 3], seed: 7 });
const small = { onnx: network, io: denseContract(4, 3) } satisfies StagedModel;
const x = floatTensor("x", [1, 4], [0.1, 0.2, 0.3, 0.4]);
const never = new AbortController().signal;

const host = inlineHost({
  cores: 2,
  clock: realClock,
  memoryBytes: () => processMemoryBytes(process.pid),
});

let folder: TemporaryFolder;
const loaded: LoadedModel[] = [];
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(async () => {
  await Promise.all(loaded.splice(0).map((model) => model.stop()));
  await folder[Symbol.asyncDispose]();
});

async function load(staged: StagedModel, signal = never) {
  const model = await host.load(await stageModel(folder.path, staged), signal, "trial");
  loaded.push(model);
  return model;
}

describe("a release in the agent's own process", () => {
  test("answers what a runner process answers, bit by bit, and proves its golden cases", async () => {
    const first = await load(small);
    const [y] = await first.infer([x], { timeoutMs: 10_000 });
    const data = floatsOf(y ?? x);

    const second = await load({ ...small, golden: goldenOf(data) });

    expect(data.reduce((total, share) => total + share, 0)).toBeCloseTo(1, 5);
    expect(second.golden).toMatchObject({ cases: 1, maxAbsoluteError: 0 });
    expect(second.runtime).toMatchObject({
      id: "onnxruntime-node",
      reason: "first choice of this platform",
    });
    expect(await second.memoryBytes()).toBeGreaterThan(10_000_000);
  });

  test("answers many requests at once in the order they were given", async () => {
    const model = await load(small);

    const order: number[] = [];
    const batches = Array.from({ length: 50 }, (_, rows) =>
      floatTensor("x", [rows, 4], Array(rows * 4).fill(1)),
    );
    await Promise.all(
      batches.map(async (batch, i) => {
        const [y] = await model.infer([batch], { timeoutMs: 10_000 });
        order.push(i);
        expect(y?.shape).toEqual([i, 3]);
      }),
    );

    expect(order).toEqual(batches.map((_, i) => i));
  });

  test("answers what was asked before it is stopped, and nothing after", async () => {
    const model = await load(small);

    const asked = Array.from({ length: 20 }, () => model.infer([x], { timeoutMs: 10_000 }));
    const stopping = model.stop();
    const late = model.infer([x], { timeoutMs: 10_000 });

    await expect(late).rejects.toMatchObject({ code: "RUNNER_CRASH" });
    expect(await Promise.all(asked)).toHaveLength(20);
    await stopping;
    expect(await model.exited).toBe("runner stopped");
    await model.stop();
  });

  test("does not run a request whose time was over while it waited", async () => {
    const model = await load(small);
    const rows = 200_000;
    const long = floatTensor("x", [rows, 4], new Float32Array(rows * 4));

    const first = model.infer([long], { timeoutMs: 20_000 });
    const second = model.infer([x], { timeoutMs: 0.5 });

    await expect(second).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    await first;
  });

  test.each(noModels(network))("is refused, LOAD_FAILED, where its file is %s", async (_, onnx) => {
    await expect(load({ ...small, onnx })).rejects.toMatchObject({
      code: "LOAD_FAILED",
      message: textLike(/^model\.onnx: .+/),
    });
  });

  test("is refused for the same reasons as in a process of its own", async () => {
    const sparkling = identityModel({
      dtype: "float32",
      shape: ["N", 4],
      operation: "Sparkle",
    });

    await expect(load({ ...small, io: denseContract(5, 3) })).rejects.toMatchObject({
      code: "INCOMPATIBLE_SIGNATURE",
    });
    await expect(load({ ...small, golden: goldenOf([1, 0, 0]) })).rejects.toMatchObject({
      code: "GOLDEN_MISMATCH",
    });
    await expect(load({ ...small, golden: "none" })).rejects.toMatchObject({ code: "FORMAT" });
    await expect(load({ ...small, onnx: sparkling })).rejects.toMatchObject({
      code: "LOAD_FAILED",
      message: textLike("Sparkle"),
    });
  });

  test("that loads longer than it may is refused when it has, LOAD_TIMEOUT", async () => {
    // Every millisecond counts for a minute.
    const clock = { monotonicMs: () => performance.now() * 60_000 };
    const hasty = inlineHost({ cores: 2, clock, memoryBytes: () => Promise.resolve(undefined) });

    await expect(
      hasty.load(await stageModel(folder.path, small), never, "trial"),
    ).rejects.toMatchObject({
      code: "LOAD_TIMEOUT",
      message: textLike(/^loading: expected an answer within 20000 ms, got it after \d+ ms$/),
    });
  });

  test("that is given up is not loaded", async () => {
    await expect(load(small, AbortSignal.abort(new Error("too late")))).rejects.toThrow("too late");
  });
});

function goldenOf(data: readonly number[]): object {
  return {
    spec: 1,
    finite: true,
    cases: [
      {
        name: "only",
        inputs: [{ name: "x", datatype: "FP32", shape: [1, 4], data: floatsOf(x) }],
        outputs: [{ name: "y", datatype: "FP32", shape: [1, 3], data }],
        compare: { kind: "allclose", atol: 1e-4, rtol: 1e-3 },
      },
    ],
  };
}
