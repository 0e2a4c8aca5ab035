import { SlotName } from "@modelfleet/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { InferError } from "../../agent/src/domain/infer-error.ts";
import { Router } from "../../agent/src/domain/serving/router.ts";
import { type ApiFixture, apiFixture } from "../support/agent/api-fixture.ts";
import { floatsOf, floatTensor } from "../support/agent/floats.ts";
import { type RunnerFixture, realClock, runnerFixture } from "../support/agent/runner-fixture.ts";
import { denseContract, stageModel } from "../support/agent/staged-model.ts";
import { eventually } from "../support/eventually.ts";
import { denseNetwork } from "../support/onnx/dense-network.ts";

const slot = SlotName.parse("main");
const BOUND = 8;
const OVERLOAD = 5;
const x = floatTensor(
  "x",
  [1, 64],
  Array.from({ length: 64 }, (_, i) => Math.cos(i)),
);

let runners: RunnerFixture;
let api: ApiFixture;
beforeAll(async () => {
  [runners, api] = await Promise.all([runnerFixture(), apiFixture()]);
});
afterAll(async () => {
  expect(api.defects).toEqual([]);
  await api[Symbol.asyncDispose]();
  await runners[Symbol.asyncDispose]();
});

/** Some milliseconds for one request, with a queue of its own length. */
async function slowModel(policy: "reject" | "drop-oldest" | "latest-only") {
  const staged = await stageModel(runners.folder.path, {
    onnx: denseNetwork({ layers: [64, 512, 512, 10], repeats: 120, seed: 1 }),
    io: denseContract(64, 10),
    version: `1.0.${["reject", "drop-oldest", "latest-only"].indexOf(policy)}`,
    policies: { serving: { queue: { max: BOUND, policy } } },
  });
  return await runners.host.load(staged, new AbortController().signal, "trial");
}

test("S24: five times more than a model can do is refused in words, held to its bound, and over at once", async () => {
  const model = await slowModel("reject");
  const router = new Router({ clock: realClock });
  await router.activate(slot, model);
  const ask = () => router.infer({ slot, inputs: [x], timeoutMs: 30_000 });
  for (let i = 0; i < 10; i++) await ask();
  const startMs = performance.now();
  for (let i = 0; i < 20; i++) await ask();
  const serviceMs = (performance.now() - startMs) / 20;
  const outcomes = { answered: 0, refused: 0, other: [] as unknown[], longest: 0 };
  const all: Promise<void>[] = [];
  const beginMs = performance.now();

  // Open loop: due at their time, whatever became of those before.
  const count = 200 * OVERLOAD;
  for (let i = 0; i < count; i++) {
    const dueMs = beginMs + (i * serviceMs) / OVERLOAD;
    while (performance.now() < dueMs) await new Promise((resolve) => setImmediate(resolve));
    const asked = ask().then(
      () => {
        outcomes.answered += 1;
      },
      (error: unknown) => {
        const isTyped = error instanceof InferError && error.code === "OVERLOADED";
        if (isTyped && (error.retryAfterMs ?? 0) > 0) outcomes.refused += 1;
        else outcomes.other.push(error);
      },
    );
    all.push(asked);
    outcomes.longest = Math.max(outcomes.longest, router.counts(slot)?.waiting ?? 0);
  }
  await Promise.all(all);

  expect(outcomes.other).toEqual([]);
  expect(outcomes.longest).toBe(BOUND);
  expect(outcomes.answered + outcomes.refused).toBe(count);
  // At least half of what comes above the model's pace must have been refused, and it was not idle meanwhile.
  expect(outcomes.refused).toBeGreaterThan(count / 3);
  expect(outcomes.answered).toBeGreaterThan(count / OVERLOAD / 3);
  expect(router.counts(slot)).toMatchObject({ waiting: 0, running: 0, rejected: outcomes.refused });
  await ask();
  await model.stop();
}, 60_000);

test("a full queue is 429 over HTTP with an honest Retry-After, and a late request 504 that no runner ever saw", async () => {
  const model = await slowModel("reject");
  await api.activate(model);
  const body = { inputs: [{ name: "x", datatype: "FP32", shape: [1, 64], data: floatsOf(x) }] };
  const path = "/v2/models/digits/infer";
  const post = (more: object = {}) => api.ask({ path, body: { ...body, ...more } });
  await post();
  const before = api.router.counts(slot)?.requests ?? 0;

  const crowd = Array.from({ length: 40 }, () => post());
  await eventually(() => (api.router.counts(slot)?.waiting ?? 0) > 0);
  const hasty = await post({ parameters: { timeout: 1 } });
  const replies = await Promise.all(crowd);

  const answered = replies.filter(({ status }) => status === 200).length;
  const refused = replies.filter(({ status }) => status === 429);
  expect(answered + refused.length).toBe(40);
  for (const { headers, json } of refused) {
    expect(Number(headers["retry-after"])).toBeGreaterThanOrEqual(1);
    expect(JSON.stringify(json())).toContain("waiting requests");
  }
  // It came to a queue that was full, or waited in it until its millisecond was over.
  expect([429, 504]).toContain(hasty.status);
  expect(api.router.counts(slot)?.requests).toBe(before + answered);
  await model.stop();
});

test("a sensor that only wants its latest reading answered has the last one answered, whatever came between", async () => {
  const model = await slowModel("latest-only");
  const router = new Router({ clock: realClock });
  await router.activate(slot, model);

  const readings = Array.from({ length: 50 }, () =>
    router.infer({ slot, inputs: [x], timeoutMs: 30_000 }).then(
      () => "answered",
      (error: unknown) => (error instanceof InferError ? error.code : error),
    ),
  );

  const outcomes = await Promise.all(readings);
  expect(outcomes.at(-1)).toBe("answered");
  expect(outcomes.filter((outcome) => outcome === "OVERLOADED")).toHaveLength(47);
  await model.stop();
});
