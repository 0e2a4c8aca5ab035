import { runnerLimits } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { InlineRunner } from "../../../../agent/src/adapters/runner-inline/inline-runner.ts";
import type { RuntimeModel } from "../../../../agent/src/runner/runtime.ts";
import type { RuntimeId } from "../../../../agent/src/wire/runtime-id.ts";

const { inlineTurnMsMax, inlineTurnRequestsMax, pipelinedMax } = runnerLimits;
const infer = { kind: "infer", tensors: [], outputs: [] } as const;
const times = { runMsMax: 1_000 };

/** A library that works as the native one does: each load and each run in an immediate of its own. */
async function setUp(runMs: number, id: RuntimeId = "onnxruntime-node") {
  const clock = { nowMs: 0, runMs };
  const log: string[] = [];
  const inImmediate = (work: () => void) =>
    new Promise<void>((resolve) => {
      setImmediate(() => {
        work();
        resolve();
      });
    });
  const model: RuntimeModel & { dispose: () => Promise<void> } = {
    inputs: [],
    outputs: [],
    run: async () => {
      await inImmediate(() => {
        log.push("run");
        clock.nowMs += clock.runMs;
      });
      return [];
    },
    dispose: () => {
      log.push("dispose");
      return Promise.resolve();
    },
  };
  const load = async () => {
    await inImmediate(() => log.push("load"));
    return model;
  };
  const runner = new InlineRunner({ monotonicMs: () => clock.nowMs }, () =>
    Promise.resolve({ name: "fake", load }),
  );
  const loadAsked = { kind: "load", path: "model.onnx", weights: [], threads: 1 } as const;
  await runner.ask({ kind: "start", runtime: id }, times);
  await runner.ask(loadAsked, times);
  await runner.ask(infer, times);
  log.length = 0;
  const askMany = (count: number, timeoutMs = 60_000) =>
    Array.from({ length: count }, () => runner.ask(infer, { ...times, timeoutMs }));
  return { runner, clock, model, log, loadAsked, askMany };
}

/** How many runs each turn of the event loop had, until all is answered. */
async function runsByTurn(log: string[], asked: readonly Promise<unknown>[]): Promise<number[]> {
  const counts: number[] = [];
  while (counts.reduce((sum, count) => sum + count, 0) < asked.length) {
    await new Promise((resolve) => setImmediate(resolve));
    counts.push(log.splice(0).length);
  }
  await Promise.all(asked);
  return counts.filter((count) => count > 0);
}

test("runs as many of a fast model in one turn of the event loop as fit into its time", async () => {
  const { runner, log, askMany } = await setUp(inlineTurnMsMax / 4);

  const counts = await runsByTurn(log, askMany(9));

  expect(runner.pipelined()).toBe(4);
  expect(counts.reduce((sum, count) => sum + count)).toBe(9);
  expect(Math.max(...counts)).toBe(4);
});

test("runs no more than the most in one turn, however fast the model is", async () => {
  const { runner, log, askMany } = await setUp(inlineTurnMsMax / 1_000);

  const counts = await runsByTurn(log, askMany(3 * inlineTurnRequestsMax));

  expect(runner.pipelined()).toBe(inlineTurnRequestsMax);
  expect(Math.max(...counts)).toBe(inlineTurnRequestsMax);
});

test.each([
  ["a slow model", inlineTurnMsMax, "onnxruntime-node"],
  ["another library, however fast", inlineTurnMsMax / 100, "onnxruntime-web"],
] as const)("runs one in each turn of %s", async (_, runMs, id) => {
  const { runner, log, askMany } = await setUp(runMs, id);

  const counts = await runsByTurn(log, askMany(5));

  expect(runner.pipelined()).toBe(pipelinedMax);
  expect(counts).toEqual([1, 1, 1, 1, 1]);
});

test("goes back to one a turn as soon as one of them was slow", async () => {
  const { runner, clock, askMany } = await setUp(inlineTurnMsMax / 4);
  clock.runMs = 20 * inlineTurnMsMax;

  await Promise.all(askMany(1));

  expect(runner.pipelined()).toBe(pipelinedMax);
});

test("tells a caller whose time was over before its run in the turn began", async () => {
  const { clock, askMany } = await setUp(inlineTurnMsMax / 4);
  clock.runMs = 50;

  const answers = await Promise.allSettled(askMany(2, 10));

  expect(answers).toMatchObject([{ status: "fulfilled" }, { reason: { code: "LATE" } }]);
});

test("begins no inference before the load that was asked first has ended", async () => {
  const { runner, log, loadAsked } = await setUp(inlineTurnMsMax / 4);

  await Promise.all([
    runner.ask(infer, times),
    runner.ask(loadAsked, times),
    runner.ask(infer, times),
  ]);

  expect(log).toEqual(["run", "load", "run"]);
});

test("stopped in a turn gives its model back once, after everything asked before", async () => {
  const { runner, log, askMany } = await setUp(inlineTurnMsMax / 4);

  const asked = askMany(6);
  await Promise.all([runner.stop(), runner.stop()]);

  expect(log).toEqual([...Array<string>(6).fill("run"), "dispose"]);
  expect(await Promise.all(asked)).toHaveLength(6);
});

test("is gone also when its model cannot be given back", async () => {
  const { runner, model } = await setUp(inlineTurnMsMax);
  model.dispose = () => Promise.reject(new Error("already disposed"));

  await expect(runner.stop()).rejects.toThrow("already disposed");

  await runner.stop();
  expect(await runner.exited).toBe("runner stopped");
});
