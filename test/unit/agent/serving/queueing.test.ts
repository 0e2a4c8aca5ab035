import { runnerLimits, SlotName } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { Router } from "../../../../agent/src/domain/serving/router.ts";
import type { LoadedModel } from "../../../../agent/src/ports/runner-host.ts";
import { fakeModel } from "../../../support/agent/fake-model.ts";
import { floatTensor } from "../../../support/agent/floats.ts";
import { manualClock, settled } from "../../../support/agent/manual-clock.ts";
import { queueRig } from "../../../support/agent/queue-rig.ts";

const slot = SlotName.parse("main");
const { pipelinedMax } = runnerLimits;

test("a model that says how many it may be given at once is given as many, and no more", async () => {
  const router = new Router<LoadedModel>({ clock: manualClock() });
  const fake = fakeModel({ version: "1.0.0", answersAtOnce: false });
  let pipelined = pipelinedMax + 3;
  await router.activate(slot, { ...fake, pipelined: () => pipelined });
  const inputs = [floatTensor("x", [1, 2], [1, 0])];

  const asked = Array.from({ length: 9 }, () => router.infer({ slot, inputs, timeoutMs: 60_000 }));

  expect(router.counts(slot)).toMatchObject({ running: pipelinedMax + 3, waiting: 4 });
  pipelined = 1;
  for (let i = 0; i < pipelinedMax + 3; i++) fake.waiting.shift()?.answer();
  await settled();
  expect(router.counts(slot)).toMatchObject({ running: 1, waiting: 3 });
  pipelined = 9;
  while (fake.waiting.length > 0) {
    fake.waiting.shift()?.answer();
    await settled();
  }
  expect(await Promise.all(asked)).toHaveLength(9);
});

describe("a full queue", () => {
  test("of `reject` refuses the newcomer, and says when it is worth asking again", async () => {
    const { clock, router, ask, outcome, workOne } = await queueRig({ max: 3, policy: "reject" });
    const first = ask(0);
    // Two seconds each are what is known of this model.
    await clock.advance(2_000);
    await workOne();
    await first;
    const taken = Array.from({ length: pipelinedMax + 3 }, (_, i) => outcome(i));

    const refused = await ask(9).catch((error: unknown) => error);

    expect(refused).toMatchObject({ code: "OVERLOADED", retryAfterMs: 6_000 });
    expect(router.counts(slot)).toMatchObject({
      waiting: 3,
      running: pipelinedMax,
      rejected: 1,
      dropped: 0,
    });
    for (let i = 0; i < 5; i++) await workOne();
    expect(new Set(await Promise.all(taken))).toEqual(new Set(["1.0.0"]));
  });

  test("of `drop-oldest` refuses the one that has waited longest", async () => {
    const { router, outcome, workOne } = await queueRig({ max: 2, policy: "drop-oldest" });
    const all = Array.from({ length: pipelinedMax + 3 }, (_, i) => outcome(i));
    for (let i = 0; i < 4; i++) await workOne();

    expect(await Promise.all(all)).toEqual(["1.0.0", "1.0.0", "OVERLOADED", "1.0.0", "1.0.0"]);
    expect(router.counts(slot)).toMatchObject({ rejected: 0, dropped: 1, waiting: 0 });
  });

  test("of `latest-only` has the newest reading answered next, and no older one", async () => {
    const { router, outcome, workOne } = await queueRig({ max: 64, policy: "latest-only" });
    const all = Array.from({ length: pipelinedMax + 4 }, (_, i) => outcome(i));
    for (let i = 0; i < 3; i++) await workOne();

    const dropped = ["OVERLOADED", "OVERLOADED", "OVERLOADED"];
    expect(await Promise.all(all)).toEqual(["1.0.0", "1.0.0", ...dropped, "1.0.0"]);
    expect(router.counts(slot)).toMatchObject({ rejected: 0, dropped: 3 });
  });

  test("without a policy is the device's own, of a bounded length", async () => {
    const { outcome, workOne } = await queueRig();
    const count = pipelinedMax + runnerLimits.queueDefault;
    const all = Array.from({ length: count + 1 }, (_, i) => outcome(i));
    for (let i = 0; i < count; i++) await workOne();

    const outcomes = await Promise.all(all);
    expect(outcomes.filter((one) => one === "1.0.0")).toHaveLength(count);
    expect(outcomes.at(-1)).toBe("OVERLOADED");
  });
});

describe("a deadline", () => {
  test("that passes in the queue is told at that moment, and the request is never sent", async () => {
    const { clock, router, model, ask, workOne } = await queueRig();
    const busy = [ask(0), ask(1)];
    const [short, shorter] = [ask(2, 300), ask(3, 100)];
    const late = [short, shorter].map((one) => one.catch((error: unknown) => error));

    await clock.advance(100);
    expect(await late[1]).toMatchObject({ code: "DEADLINE_EXCEEDED" });
    expect(router.counts(slot)).toMatchObject({ waiting: 1, expired: 1 });
    await clock.advance(200);
    expect(await late[0]).toMatchObject({ code: "DEADLINE_EXCEEDED" });
    expect(String(await late[0])).toContain("never sent");

    await workOne();
    await workOne();
    await Promise.all(busy);
    expect(model.waiting).toHaveLength(0);
    expect(router.counts(slot)).toMatchObject({ requests: 2, expired: 2, waiting: 0 });
    expect(router.health(slot)).toMatchObject({ answered: 2, failed: 0 });
  });

  test("a millisecond later, the request is still sent", async () => {
    const { clock, ask, workOne } = await queueRig();
    const busy = [ask(0), ask(1)];
    const last = ask(2, 101);
    await clock.advance(100);

    for (let i = 0; i < 3; i++) await workOne();

    expect(await last).toBe("1.0.0");
    await Promise.all(busy);
  });
});

describe("a swap", () => {
  test("leaves what waits with the old model, which answers it", async () => {
    const { router, outcome, workOne } = await queueRig();
    const all = Array.from({ length: 6 }, (_, i) => outcome(i));

    const swap = router.activate(slot, fakeModel({ version: "2.0.0" }));
    for (let i = 0; i < 6; i++) await workOne();

    expect(new Set(await Promise.all(all))).toEqual(new Set(["1.0.0"]));
    await swap;
  });

  test("gives everything that is left at the drain's end to the new model, a full queue as well", async () => {
    const { clock, router, outcome } = await queueRig({ max: 4, policy: "reject" });
    const all = Array.from({ length: pipelinedMax + 4 }, (_, i) => outcome(i));
    const next = fakeModel({
      version: "2.0.0",
      answersAtOnce: false,
      serving: { queue: { max: 1, policy: "reject" } },
    });

    const swap = router.activate(slot, next);
    await clock.advance(runnerLimits.drainMsMax);
    await swap;
    const values: (number | undefined)[] = [];
    for (let i = 0; i < 6; i++) {
      const [request] = next.waiting.splice(0, 1);
      values.push(request?.inputs[0] && new Float32Array(request.inputs[0].bytes.buffer)[0]);
      request?.answer();
      await settled();
    }

    expect(await Promise.all(all)).toEqual(all.map(() => "2.0.0"));
    // In the order they came.
    expect(values).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe("a process that dies with a full queue", () => {
  test("loses nobody: whoever was not sent has not had a try", async () => {
    const { router, model, outcome } = await queueRig();
    const all = Array.from({ length: 10 }, (_, i) => outcome(i));
    model.crash();
    await settled();
    // The next one dies as well, before it answers any: it was sent two that had not been sent before.
    const second = fakeModel({ version: "2.0.0", answersAtOnce: false });
    await router.activate(slot, second);
    await settled();
    second.crash();
    await router.activate(slot, fakeModel({ version: "3.0.0" }));

    const outcomes = await Promise.all(all);
    expect(new Set(outcomes)).toEqual(new Set(["3.0.0"]));
  });

  test("lets no more wait for the next than would wait for itself", async () => {
    const { router, model, outcome } = await queueRig(undefined, { queueMax: 3 });
    model.crash();
    await settled();

    const all = Array.from({ length: 5 }, (_, i) => outcome(i));
    await settled();
    expect(router.counts(slot)).toMatchObject({ waiting: 3, rejected: 2 });
    await router.activate(slot, fakeModel({ version: "2.0.0" }));

    expect(await Promise.all(all)).toEqual(["2.0.0", "2.0.0", "2.0.0", "OVERLOADED", "OVERLOADED"]);
  });
});

test("what is counted adds up", async () => {
  const { clock, router, ask, workOne } = await queueRig();
  const all = [ask(0), ask(1), ask(2)];
  await clock.advance(10);
  for (let i = 0; i < 3; i++) await workOne();
  await Promise.all(all);

  expect(router.counts(slot)).toMatchObject({
    executions: 3,
    requests: 3,
    batches: 0,
    queueMs: 10,
    runMs: 20,
  });
  expect(router.counts(SlotName.parse("other"))).toBeUndefined();
});
