import { setTimeout as wait } from "node:timers/promises";
import { SlotName } from "@modelfleet/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Router } from "../../agent/src/domain/serving/router.ts";
import type { Tensor } from "../../agent/src/domain/tensor.ts";
import type { LoadedModel } from "../../agent/src/ports/runner-host.ts";
import { bareModel } from "../support/agent/bare-runtime.ts";
import { floatsOf, floatTensor } from "../support/agent/floats.ts";
import { type RunnerFixture, realClock, runnerFixture } from "../support/agent/runner-fixture.ts";
import { denseContract, stageModel } from "../support/agent/staged-model.ts";
import { denseNetwork } from "../support/onnx/dense-network.ts";
import { seededRandom } from "../support/random.ts";

const slot = SlotName.parse("main");
const PER_SECOND = 100;
const SWAPS = 4;
const versions = ["1.0.0", "2.0.0"] as const;
type Version = (typeof versions)[number];
const networks: Record<Version, Uint8Array> = {
  "1.0.0": denseNetwork({ layers: [64, 256, 10], seed: 1 }),
  "2.0.0": denseNetwork({ layers: [64, 256, 10], seed: 2 }),
};
/** No two requests are the same, so that an answer to another's request is found out. */
const random = seededRandom(50);
const rows = Array.from({ length: 5_000 }, () => {
  return floatTensor(
    "x",
    [1, 64],
    Array.from({ length: 64 }, () => random.next()),
  );
});

/** What one request was answered; in the order they came. */
type Answer = { readonly row: number; readonly version: string; readonly y: Tensor | undefined };

let runners: RunnerFixture;
beforeAll(async () => {
  runners = await runnerFixture();
});
afterAll(() => runners[Symbol.asyncDispose]());

async function load(version: Version, policies: object): Promise<LoadedModel> {
  const staged = { onnx: networks[version], io: denseContract(64, 10), version, policies };
  const release = await stageModel(runners.folder.path, staged);
  return runners.host.load(release, new AbortController().signal, "trial");
}

/** Requests that are due at their time whether or not those before are answered. */
function openLoop(router: Router<LoadedModel>) {
  const startMs = performance.now();
  const answers: Answer[] = [];
  const failures: unknown[] = [];
  const asked: Promise<void>[] = [];
  const over = new AbortController();
  const ask = async (row: number) => {
    const x = rows[row];
    if (x === undefined) throw new RangeError("expected fewer requests");
    try {
      const { outputs, model } = await router.infer({ slot, inputs: [x], timeoutMs: 30_000 });
      answers.push({ row, version: model.staged.document.version, y: outputs[0] });
    } catch (error) {
      failures.push(error);
    }
  };
  const running = (async () => {
    while (!over.signal.aborted) {
      const due = Math.floor(((performance.now() - startMs) / 1_000) * PER_SECOND);
      while (asked.length < due) asked.push(ask(asked.length));
      await wait(1);
    }
  })();
  const stop = async () => {
    over.abort();
    await running;
    await Promise.all(asked);
    return { asked: asked.length, answers, failures };
  };
  return { answered: () => answers.length, stop };
}

/** Until so many more are answered: a swap is to meet traffic. */
async function traffic(load_: ReturnType<typeof openLoop>, count: number): Promise<void> {
  const until = load_.answered() + count;
  while (load_.answered() < until) await wait(5);
}

describe("S1: swaps under a hundred requests a second", () => {
  test.each([
    ["one request at a time", {}, 0],
    ["in batches", { serving: { batch: { rowsMax: 16, delayUsMax: 25_000 } } }, 1e-5],
  ])("F50: asked %s: none failed, none lost, none twice, each answer its named release's", async (_, policies, tolerance) => {
    const observed: Tensor[] = [];
    const router = new Router<LoadedModel>({
      clock: realClock,
      observer: ({ inputs }) => observed.push(...inputs),
    });
    await router.activate(slot, await load("1.0.0", policies));
    const load_ = openLoop(router);
    await traffic(load_, 30);

    for (let swap = 0; swap < SWAPS; swap++) {
      const next = await load(swap % 2 === 0 ? "2.0.0" : "1.0.0", policies);
      const old = await router.activate(slot, next);
      await old?.stop();
      await traffic(load_, 30);
    }
    const { asked, answers, failures } = await load_.stop();

    expect(failures).toEqual([]);
    expect(answers.map(({ row }) => row).sort((a, b) => a - b)).toEqual([...Array(asked).keys()]);
    expect(observed).toHaveLength(asked);
    expect(new Set(observed).size).toBe(asked);
    expect(new Set(answers.map(({ version }) => version))).toEqual(new Set(versions));
    for (const version of versions) await expectOffline(version, answers, tolerance);
    const counts = router.counts(slot);
    expect((counts?.batches ?? 0) > 0).toBe(tolerance > 0);
    await router.active(slot)?.stop();
  });
});

/** @param tolerance of each number; 0 is the same bits */
async function expectOffline(version: Version, answers: readonly Answer[], tolerance: number) {
  await using bare = await bareModel(networks[version]);
  const named = answers.filter((answer) => answer.version === version);
  expect(named.length).toBeGreaterThan(30);
  for (const { row, y } of named) {
    const x = rows[row];
    if (x === undefined || y === undefined) throw new TypeError(`expected an answer to ${row}`);
    const bytes = (await bare.run([x])).get("y") ?? Buffer.alloc(0);
    if (tolerance === 0) {
      expect(Buffer.from(y.bytes).equals(bytes), `row ${row} of ${version}`).toBe(true);
      continue;
    }
    const expected = floatsOf({ ...x, bytes });
    for (const [i, value] of floatsOf(y).entries()) {
      expect(Math.abs(value - (expected[i] ?? Number.NaN)), `row ${row}`).toBeLessThan(tolerance);
    }
  }
}
