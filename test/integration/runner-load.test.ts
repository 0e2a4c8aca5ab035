import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { floatsOf, floatTensor } from "../support/agent/floats.ts";
import { identityModel } from "../support/agent/identity-model.ts";
import { noModels } from "../support/agent/no-models.ts";
import { type RunnerFixture, runnerFixture, runnerPids } from "../support/agent/runner-fixture.ts";
import { denseContract, type StagedModel, stageModel } from "../support/agent/staged-model.ts";
import { textLike } from "../support/agent/text-like.ts";
import { eventually } from "../support/eventually.ts";
import { denseNetwork } from "../support/onnx/dense-network.ts";

const network = denseNetwork({ layers: [4, 8, 3], seed: 7 });
const small = { onnx: network, io: denseContract(4, 3) } satisfies StagedModel;
const x = floatTensor("x", [1, 4], [0.1, 0.2, 0.3, 0.4]);
const never = new AbortController().signal;

let fixture: RunnerFixture;
beforeEach(async () => {
  fixture = await runnerFixture();
});
afterEach(async () => {
  // Nothing leaks: refused or stopped, a runner has ended when the caller is told.
  expect(await runnerPids(fixture.folder.path)).toEqual([]);
  await fixture[Symbol.asyncDispose]();
});

async function load(staged: StagedModel) {
  return fixture.host.load(await stageModel(fixture.folder.path, staged), never, "trial");
}

describe("a good model", () => {
  test("loads, answers, and stops when it is told", async () => {
    const model = await load(small);

    const [y] = await model.infer([x], { timeoutMs: 10_000 });

    expect(y?.shape).toEqual([1, 3]);
    const sum = floatsOf(y ?? x).reduce((total, share) => total + share, 0);
    expect(sum).toBeCloseTo(1, 5);
    await model.stop();
    expect(await model.exited).toBe("runner stopped");
    await expect(model.infer([x], { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: "RUNNER_CRASH",
    });
  });

  test("answers many requests at once in the order they were given", async () => {
    const model = await load(small);

    const order: number[] = [];
    const batches = Array.from({ length: 50 }, (_, rows) =>
      floatTensor("x", [rows, 4], Array(rows * 4).fill(1)),
    );
    const answers = batches.map(async (batch, i) => {
      const [y] = await model.infer([batch], { timeoutMs: 10_000 });
      order.push(i);
      expect(y?.shape).toEqual([i, 3]);
    });
    await Promise.all(answers);
    await model.stop();

    expect(order).toEqual(order.toSorted((left, right) => left - right));
  });

  test("proves its golden cases", async () => {
    const first = await load(small);
    const [y] = await first.infer([x], { timeoutMs: 10_000 });
    await first.stop();
    const data = floatsOf(y ?? x);
    const golden = goldenOf(data);

    const model = await load({ ...small, golden });

    expect(model.golden).toMatchObject({ cases: 1, maxAbsoluteError: 0 });
    await model.stop();
  });

  test("knows nothing of the environment it was started from", async () => {
    process.env["MODELFLEET_TEST_SECRET"] = "secret";
    const model = await load(small);
    const [pid] = await runnerPids(fixture.folder.path);

    const environment = await readFile(`/proc/${pid ?? 0}/environ`, "utf8");

    delete process.env["MODELFLEET_TEST_SECRET"];
    await model.stop();
    expect(environment.split("\0").filter(Boolean).sort()).toEqual([
      "MALLOC_ARENA_MAX=2",
      "MALLOC_MMAP_THRESHOLD_=131072",
      "ORT_DISABLE_TELEMETRY=1",
    ]);
  });

  test("is nice while it is prepared, with all its threads, and no more when promoted", async () => {
    const model = await load(small);
    const [pid = 0] = await runnerPids(fixture.folder.path);
    // The main thread: what it starts from here on, like the runtime's threads, begins as nice as it is.
    expect((await niceness(pid))[0]).toBe(15);

    model.promote();

    expect(new Set(await niceness(pid))).toEqual(new Set([0]));
    await model.stop();
  });

  test("on a system where niceness cannot be taken back is never made nice", async () => {
    const asked: number[] = [];
    await using plain = await runnerFixture({
      setPriority: (_, value) => {
        asked.push(value);
        if (value < 16) throw new Error("EACCES: permission denied");
      },
    });
    const staged = await stageModel(plain.folder.path, small);

    for (let i = 0; i < 2; i++) {
      const model = await plain.host.load(staged, never, "trial");
      model.promote();
      await model.stop();
    }

    expect(asked.filter((value) => value < 16)).toHaveLength(1);
    expect(await runnerPids(plain.folder.path)).toEqual([]);
  });
});

describe("a file that is no model", () => {
  test.each(
    noModels(network),
  )("is refused, LOAD_FAILED, with the runtime's own words: %s", async (_, onnx) => {
    await expect(load({ ...small, onnx })).rejects.toMatchObject({
      code: "LOAD_FAILED",
      message: textLike(/^model\.onnx: .+/),
    });
  });

  test("with an operator that does not exist is refused with its name", async () => {
    const onnx = identityModel({ dtype: "float32", shape: ["N", 4], operation: "Sparkle" });

    await expect(load({ ...small, onnx })).rejects.toMatchObject({
      code: "LOAD_FAILED",
      message: textLike("Sparkle"),
    });
  });
});

describe("a model that is not what its release says", () => {
  test("is refused, INCOMPATIBLE_SIGNATURE, with the tensors that differ", async () => {
    await expect(load({ ...small, io: denseContract(5, 3) })).rejects.toMatchObject({
      code: "INCOMPATIBLE_SIGNATURE",
      message: "input x: expected float32 [-1,5], got float32 [-1,4]",
    });
  });

  test("is refused, GOLDEN_MISMATCH, when its answer is another", async () => {
    await expect(load({ ...small, golden: goldenOf([1, 0, 0]) })).rejects.toMatchObject({
      code: "GOLDEN_MISMATCH",
      message: textLike(
        /^golden case only: output y\[0\]: expected 1, got 0\.\d+ .*max absolute error 0\.\d+/,
      ),
    });
  });

  test("is refused, FORMAT, when its golden file is none", async () => {
    await expect(load({ ...small, golden: "none" })).rejects.toMatchObject({ code: "FORMAT" });
  });
});

describe("a load", () => {
  test("that takes too long is ended, LOAD_TIMEOUT", async () => {
    await using slow = await runnerFixture({
      runnerPath: await script("setInterval(() => {}, 1000)"),
    });
    const staged = await stageModel(slow.folder.path, { ...small, limits: { loadMs: 300 } });

    await expect(slow.host.load(staged, never, "trial")).rejects.toMatchObject({
      code: "LOAD_TIMEOUT",
      message: "loading: expected an answer within 300 ms, got none",
    });
    expect(await runnerPids(slow.folder.path)).toEqual([]);
  });

  test("whose process dies is refused, RUNNER_CRASH, with its last words", async () => {
    const source = 'process.stderr.write("bad alloc\\n", () => process.exit(7))';
    await using dying = await runnerFixture({ runnerPath: await script(source) });
    const staged = await stageModel(dying.folder.path, small);

    await expect(dying.host.load(staged, never, "trial")).rejects.toMatchObject({
      code: "RUNNER_CRASH",
      message: "loading: runner ended with exit code 7; its last words: bad alloc",
    });
  });

  test("whose process speaks another language is refused, RUNNER_CRASH", async () => {
    const source =
      'require("fs").writeSync(3, "HTTP/1.1 200 OK\\r\\n\\r\\n"); setInterval(() => {}, 1000)';
    await using foreign = await runnerFixture({ runnerPath: await script(source) });
    const staged = await stageModel(foreign.folder.path, small);

    await expect(foreign.host.load(staged, never, "trial")).rejects.toMatchObject({
      code: "RUNNER_CRASH",
      message: textLike("spoke out of turn: expected a frame of at most"),
    });
  });

  test("whose program is missing is refused, RUNNER_CRASH, with the reason", async () => {
    await using broken = await runnerFixture({ nodePath: "/nowhere/node" });
    const staged = await stageModel(broken.folder.path, small);

    await expect(broken.host.load(staged, never, "trial")).rejects.toMatchObject({
      code: "RUNNER_CRASH",
      message: textLike(/could not be started|failed to execute/),
    });
  });

  test("that has no folder to run in is refused, STORE_FAILED, which another time may be otherwise", async () => {
    await using full = await runnerFixture({ runFolder: "/dev/null/run" });
    const staged = await stageModel(full.folder.path, small);

    await expect(full.host.load(staged, never, "trial")).rejects.toMatchObject({
      code: "STORE_FAILED",
    });
  });

  test("that is given up ends its process and rejects with the reason", async () => {
    const staged = await stageModel(fixture.folder.path, small);
    const controller = new AbortController();
    const loading = fixture.host.load(staged, controller.signal, "trial");
    const refused = expect(loading).rejects.toThrow("a newer release came");
    await eventually(async () => (await runnerPids(fixture.folder.path)).length > 0);

    controller.abort(new Error("a newer release came"));

    await refused;
  });

  test("with a signal already aborted starts nothing", async () => {
    const staged = await stageModel(fixture.folder.path, small);

    await expect(
      fixture.host.load(staged, AbortSignal.abort(new Error("too late")), "trial"),
    ).rejects.toThrow("too late");
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

async function niceness(pid: number): Promise<number[]> {
  const { readdir } = await import("node:fs/promises");
  const threads = await readdir(`/proc/${pid}/task`);
  const stats = threads.map((id) => readFile(`/proc/${pid}/task/${id}/stat`, "utf8"));
  // proc(5): field 19 is nice; the second field, in parentheses, may hold spaces.
  return (await Promise.all(stats)).map((text) => Number(text.split(") ")[1]?.split(" ")[16]));
}

async function script(source: string): Promise<string> {
  const { writeFile } = await import("node:fs/promises");
  const path = fixture.folder.inside("other-runner.cjs");
  await writeFile(path, source);
  return path;
}
