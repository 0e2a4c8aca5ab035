import { readFile, writeFile } from "node:fs/promises";
import { runnerLimits } from "@modelfleet/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { unconfined } from "../../agent/src/adapters/runner-process/confinement.ts";
import type { RunnerProcessOptions } from "../../agent/src/adapters/runner-process/runner-host.ts";
import { floatTensor } from "../support/agent/floats.ts";
import { hostileRunner } from "../support/agent/hostile-runner.ts";
import { type RunnerFixture, runnerFixture, runnerPids } from "../support/agent/runner-fixture.ts";
import { denseContract, type StagedModel, stageModel } from "../support/agent/staged-model.ts";
import { textLike } from "../support/agent/text-like.ts";
import { denseNetwork } from "../support/onnx/dense-network.ts";
import { memoryBomb, zeroWeights } from "../support/onnx/hostile-models.ts";

const MIB = 1024 * 1024;
const never = new AbortController().signal;
const patient = { timeoutMs: 30_000 };
const THREE_GIGABYTES = 805_306_368;
const memoryMiB = 64;
const grantedMiB = runnerLimits.baseMemoryMiB + memoryMiB;

const fixtures: RunnerFixture[] = [];
beforeEach(() => {
  fixtures.length = 0;
});
afterEach(async () => {
  for (const fixture of fixtures) {
    expect(await runnerPids(fixture.folder.path)).toEqual([]);
    await fixture[Symbol.asyncDispose]();
  }
});

async function load(model: StagedModel, changes: Partial<RunnerProcessOptions> = {}) {
  const fixture = await runnerFixture(changes);
  fixtures.push(fixture);
  const staged = await stageModel(fixture.folder.path, { limits: { memoryMiB }, ...model });
  return { folder: fixture.folder, model: await fixture.host.load(staged, never, "trial") };
}

/** The only way a system without prlimit has. */
const watchedOnly = { confinement: () => Promise.resolve(unconfined) };

/** It takes twice its size while it is loaded. */
const weighty = { onnx: zeroWeights(96 * MIB), io: denseContract(4, 4) };

test("S14: a model that needs more memory to load than its release was granted is refused, in the allocator's own words", async () => {
  await expect(load(weighty)).rejects.toMatchObject({
    code: "LOAD_FAILED",
    message: textLike("std::bad_alloc"),
  });
});

test("the same model loads where its release is granted what it needs", async () => {
  const { model } = await load({ ...weighty, limits: { memoryMiB: 224 } });

  await model.stop();
});

test("where the system sets no limit, a model that loads into too much is ended by the watch", async () => {
  const bomb = { onnx: memoryBomb(THREE_GIGABYTES), io: denseContract(4, 4) };

  await expect(load(bomb, watchedOnly)).rejects.toMatchObject({
    code: "RUNNER_CRASH",
    message: textLike(`used more than ${grantedMiB} MiB of memory`),
  });
});

test("F49: a runner that takes a megabyte more with every answer is ended, and says why", async () => {
  const fixture = await runnerFixture(watchedOnly);
  const leak = "(globalThis.kept ??= []).push(Buffer.alloc(1 << 20, 1)); send(ok, y)";
  const runnerPath = fixture.folder.inside("leaking.cjs");
  await writeFile(runnerPath, hostileRunner(leak));
  fixtures.push(fixture);
  const onnx = Buffer.from("not read");
  const { model } = await load({ onnx, io: denseContract(4, 2) }, { ...watchedOnly, runnerPath });
  const x = floatTensor("x", [1, 4], [1, 2, 3, 4]);
  let answered = 0;

  const asking = (async () => {
    for (;;) {
      await model.infer([x], patient);
      answered += 1;
    }
  })();

  await expect(asking).rejects.toMatchObject({ code: "RUNNER_CRASH" });
  expect(await model.exited).toBe(`runner used more than ${grantedMiB} MiB of memory`);
  expect(answered).toBeGreaterThan(memoryMiB);
});

test("a runner's memory is told while it lives, and not after", async () => {
  const { folder, model } = await load({
    onnx: denseNetwork({ layers: [4, 3], seed: 7 }),
    io: denseContract(4, 3),
  });
  const [pid = 0] = await runnerPids(folder.path);
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const residentBytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1024;

  const bytes = (await model.memoryBytes()) ?? 0;
  await model.stop();

  // Its share of the pages: never more than what is resident, and Node alone has 20 MiB of its own.
  expect(bytes).toBeGreaterThan(10 * MIB);
  expect(bytes).toBeLessThanOrEqual(residentBytes * 1.1);
  expect(await model.memoryBytes()).toBeUndefined();
});

test("a runner can gain no rights, dump no core, and is told of as held", async () => {
  const told: unknown[] = [];
  const log = {
    ...{ warn: () => undefined, error: () => undefined },
    info: (event: object) => void told.push(event),
  };
  const { folder, model } = await load(
    { onnx: denseNetwork({ layers: [4, 3], seed: 7 }), io: denseContract(4, 3) },
    { log },
  );
  const [pid = 0] = await runnerPids(folder.path);

  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const limits = await readFile(`/proc/${pid}/limits`, "utf8");
  await model.stop();

  expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
  expect(limits).toMatch(/^Max core file size\s+0\s+0/m);
  expect(limits).toMatch(/^Max data size\s+\d+\s+\d+/m);
  expect(told).toEqual([
    { event: "runner.confined", memory: "limited and watched", privileges: "none can be gained" },
  ]);
});

test("where no program can hold it further, a runner runs, and that is told", async () => {
  const told: unknown[] = [];
  const log = {
    ...{ warn: () => undefined, error: () => undefined },
    info: (event: object) => void told.push(event),
  };

  const { model } = await load(
    { onnx: denseNetwork({ layers: [4, 3], seed: 7 }), io: denseContract(4, 3) },
    { ...watchedOnly, log },
  );
  await model.stop();

  expect(told).toEqual([
    { event: "runner.confined", memory: "watched", privileges: "as the agent's" },
  ]);
});
