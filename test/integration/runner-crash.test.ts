import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { LoadedModel } from "../../agent/src/ports/runner-host.ts";
import { floatTensor } from "../support/agent/floats.ts";
import { type RunnerFixture, runnerFixture, runnerPids } from "../support/agent/runner-fixture.ts";
import { denseContract, stageModel } from "../support/agent/staged-model.ts";
import { denseNetwork } from "../support/onnx/dense-network.ts";

const onnx = denseNetwork({ layers: [64, 256, 10], seed: 3 });
const x = floatTensor("x", [1, 64], Array<number>(64).fill(0.5));
const patient = { timeoutMs: 30_000 };

let fixture: RunnerFixture;
let model: LoadedModel;
let pid: number;
beforeEach(async () => {
  fixture = await runnerFixture();
  const staged = await stageModel(fixture.folder.path, {
    onnx,
    io: denseContract(64, 10),
    limits: { inferMs: 400 },
  });
  model = await fixture.host.load(staged, new AbortController().signal, "trial");
  [pid = 0] = await runnerPids(fixture.folder.path);
});
afterEach(async () => {
  await model.stop();
  expect(await runnerPids(fixture.folder.path)).toEqual([]);
  await fixture[Symbol.asyncDispose]();
});

describe("a runner that is killed in the middle of its work", () => {
  test("fails every request that it has not answered, and says how it ended", async () => {
    process.kill(pid, "SIGSTOP");
    const asked = Promise.allSettled(Array.from({ length: 20 }, () => model.infer([x], patient)));

    process.kill(pid, "SIGKILL");

    for (const outcome of await asked) {
      expect(outcome).toMatchObject({
        status: "rejected",
        reason: { code: "RUNNER_CRASH", message: "runner was ended by SIGKILL" },
      });
    }
    expect(await model.exited).toBe("runner was ended by SIGKILL");
  });

  test("is no other runner's business", async () => {
    const other = await fixture.host.load(model.staged, new AbortController().signal, "trial");

    process.kill(pid, "SIGSEGV");
    await model.exited;

    expect(await other.infer([x], patient)).toHaveLength(1);
    await other.stop();
  });
});

describe("a runner that hangs", () => {
  test("is killed at the release's limit; its request is late, the ones behind may be repeated", async () => {
    process.kill(pid, "SIGSTOP");

    const [head, ...behind] = await Promise.allSettled(
      [1, 2, 3].map(() => model.infer([x], patient)),
    );

    expect(head).toMatchObject({
      reason: { code: "DEADLINE_EXCEEDED", message: "expected an answer within 400 ms, got none" },
    });
    for (const outcome of behind)
      expect(outcome).toMatchObject({ reason: { code: "RUNNER_CRASH" } });
    expect(await model.exited).toBe("runner took longer than 400 ms for one request");
  });

  test("is ended by stop as well", async () => {
    process.kill(pid, "SIGSTOP");

    await model.stop();

    expect(await model.exited).toBe("runner stopped");
  });
});

test("a caller that waits no longer is told so, and the runner lives on", async () => {
  process.kill(pid, "SIGSTOP");
  const hasty = await Promise.allSettled(
    [1, 2, 3, 4].map(() => model.infer([x], { timeoutMs: 20 })),
  );
  process.kill(pid, "SIGCONT");

  for (const outcome of hasty)
    expect(outcome).toMatchObject({ reason: { code: "DEADLINE_EXCEEDED" } });
  expect(await model.infer([x], patient)).toHaveLength(1);
});

test("a tensor the model cannot run on fails that request alone", async () => {
  const wide = floatTensor("x", [1, 65], Array<number>(65).fill(1));

  await expect(model.infer([wide], patient)).rejects.toMatchObject({ code: "RUN_FAILED" });

  expect(await model.infer([x], patient)).toHaveLength(1);
});

test("Ctrl-C reaches the runner too, which leaves its end to its supervisor", async () => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.kill(pid, signal);

  expect(await model.infer([x], patient)).toHaveLength(1);
});
