import { runnerLimits, SlotName } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { InferError } from "../../../../agent/src/domain/infer-error.ts";
import { Router, type RouterOptions } from "../../../../agent/src/domain/serving/router.ts";
import type { LoadedModel } from "../../../../agent/src/ports/runner-host.ts";
import type { Serving } from "../../../../agent/src/ports/serving.ts";
import { type FakeModel, fakeModel } from "../../../support/agent/fake-model.ts";
import { floatsOf, floatTensor } from "../../../support/agent/floats.ts";
import { manualClock, settled } from "../../../support/agent/manual-clock.ts";

const slot = SlotName.parse("main");
const inputs = [floatTensor("x", [1, 2], [0, 0])];
const request = { slot, inputs, timeoutMs: 60_000 };

function setUp(options: Partial<RouterOptions<LoadedModel>> = {}) {
  const clock = manualClock();
  const router = new Router<LoadedModel>({ clock, ...options });
  // The install loop sees the router through its port.
  const serving: Serving = router;
  const ask = async (changes: object = {}) => {
    const { model, outputs } = await router.infer({ ...request, ...changes });
    return { version: model.staged.document.version, says: outputs.flatMap(floatsOf) };
  };
  return { clock, router, serving, ask };
}

describe("a swap", () => {
  test("sends the very next request to the new model, and promotes it first", async () => {
    const { serving, ask } = setUp();
    const [one, two] = [fakeModel({ version: "1.0.0" }), fakeModel({ version: "2.0.0" })];
    expect(await serving.activate(slot, one)).toBeUndefined();
    expect(await ask()).toEqual({ version: "1.0.0", says: [1] });

    const swap = serving.activate(slot, two);
    const first = ask();

    expect(two.promotions()).toBe(1);
    expect(await first).toEqual({ version: "2.0.0", says: [2] });
    expect(await swap).toBe(one);
    expect(serving.active(slot)).toBe(two);
  });

  test("lets the requests of the old model finish on it, and waits for them", async () => {
    const { serving, ask } = setUp();
    const old = fakeModel({ version: "1.0.0", answersAtOnce: false });
    await serving.activate(slot, old);
    const [first, second] = [ask(), ask()];
    const events: string[] = [];

    const swap = serving.activate(slot, fakeModel({ version: "2.0.0" })).then(() => {
      events.push("swapped");
    });
    old.waiting[0]?.answer();
    expect(await first).toEqual({ version: "1.0.0", says: [1] });
    events.push("first");
    old.waiting[1]?.answer();
    expect(await second).toEqual({ version: "1.0.0", says: [1] });
    await swap;

    expect(events).toEqual(["first", "swapped"]);
  });

  test("gives what the old model has not finished by the drain's end to the new one, once", async () => {
    const { clock, serving, ask } = setUp();
    const old = fakeModel({ version: "1.0.0", answersAtOnce: false });
    await serving.activate(slot, old);
    const stuck = [ask(), ask(), ask()];

    const swap = serving.activate(slot, fakeModel({ version: "2.0.0" }));
    await clock.advance(runnerLimits.drainMsMax - 1);
    // Two with the runner, one behind them.
    expect(old.waiting).toHaveLength(2);
    await clock.advance(1);

    expect(await Promise.all(stuck)).toEqual(stuck.map(() => ({ version: "2.0.0", says: [2] })));
    expect(await swap).toBe(old);
    for (const { answer } of old.waiting) answer();
    await settled();
    expect(serving.health(slot)).toMatchObject({ answered: 3, failed: 0 });
  });

  test("back to the model before it is the same assignment", async () => {
    const { serving, ask } = setUp();
    const [one, two] = [fakeModel({ version: "1.0.0" }), fakeModel({ version: "2.0.0" })];
    await serving.activate(slot, one);
    await serving.activate(slot, two);

    expect(await serving.activate(slot, one)).toBe(two);

    expect((await ask()).version).toBe("1.0.0");
  });
});

describe("a process that dies", () => {
  test("has its requests answered by the next model, if one comes in time", async () => {
    const { serving, ask } = setUp();
    const dying = fakeModel({ version: "1.0.0", answersAtOnce: false });
    await serving.activate(slot, dying);
    const lost = [ask(), ask()];

    dying.crash();
    const late = ask();
    await settled();
    await serving.activate(slot, fakeModel({ version: "2.0.0" }));

    for (const answer of await Promise.all([...lost, late])) expect(answer.version).toBe("2.0.0");
  });

  test("has its requests failed, RUNNER_CRASH, when none comes", async () => {
    const { clock, serving, ask } = setUp();
    const dying = fakeModel({ version: "1.0.0", answersAtOnce: false });
    await serving.activate(slot, dying);
    const lost = expect(ask()).rejects.toMatchObject({ code: "RUNNER_CRASH" });
    dying.crash();
    await settled();

    await clock.advance(runnerLimits.recoverMsMax);

    await lost;
    expect(serving.health(slot)).toMatchObject({ answered: 0, failed: 1 });
  });

  test("has what came after it, and waited for the next model in vain, told that none is ready", async () => {
    const { clock, serving, ask } = setUp();
    const dying = fakeModel({ version: "1.0.0" });
    await serving.activate(slot, dying);
    dying.crash();
    await settled();
    const waiting = expect(ask()).rejects.toMatchObject({ code: "NOT_READY" });
    const hurried = expect(ask({ timeoutMs: 100 })).rejects.toMatchObject({ code: "NOT_READY" });
    await settled();

    await clock.advance(100);
    await hurried;
    await clock.advance(runnerLimits.recoverMsMax - 100);

    await waiting;
    expect(serving.health(slot)).toMatchObject({ answered: 0, failed: 0 });
  });

  test("does not make a request wait beyond its own deadline", async () => {
    const { clock, serving, ask } = setUp();
    const dying = fakeModel({ version: "1.0.0", answersAtOnce: false });
    await serving.activate(slot, dying);
    const lost = expect(ask({ timeoutMs: 100 })).rejects.toMatchObject({ code: "RUNNER_CRASH" });
    dying.crash();
    await settled();

    await clock.advance(100);

    await lost;
  });

  test("has a request asked again once, not for ever", async () => {
    const { serving, ask } = setUp();
    const models = ["1.0.0", "2.0.0", "3.0.0"].map((version) =>
      fakeModel({ version, answersAtOnce: false }),
    );
    const [one, two, three] = models as [FakeModel, FakeModel, FakeModel];
    await serving.activate(slot, one);
    const poison = ask();
    one.crash();
    await serving.activate(slot, two);
    await settled();
    two.crash();
    await serving.activate(slot, three);

    await expect(poison).rejects.toMatchObject({ code: "RUNNER_CRASH" });
    expect(three.waiting).toHaveLength(0);
  });

  test("is shown as not ready", async () => {
    const { router, serving } = setUp();
    const dying = fakeModel({ version: "1.0.0" });
    await serving.activate(slot, dying);
    expect(router.slots()).toMatchObject([{ slot, isReady: true }]);

    dying.crash();
    await settled();

    expect(router.slots()).toMatchObject([{ slot, isReady: false }]);
  });
});

describe("a request", () => {
  test("to an empty slot is refused, NOT_READY", async () => {
    const { serving, ask } = setUp();

    await expect(ask()).rejects.toMatchObject({ code: "NOT_READY" });
    expect(serving.active(slot)).toBeUndefined();
    expect(serving.health(slot)).toBeUndefined();
  });

  test("over the queue's bound is refused, OVERLOADED, and one less is not", async () => {
    const { serving, ask } = setUp({ queueMax: 2 });
    const busy = fakeModel({ version: "1.0.0", answersAtOnce: false });
    await serving.activate(slot, busy);
    const taken = [ask(), ask(), ask(), ask()];
    expect(busy.waiting).toHaveLength(runnerLimits.pipelinedMax);

    await expect(ask()).rejects.toMatchObject({ code: "OVERLOADED" });
    busy.waiting[0]?.answer();
    await taken[0];
    const next = ask();
    for (let i = 1; i < 5; i++) {
      busy.waiting[i]?.answer();
      await settled();
    }

    expect((await next).version).toBe("1.0.0");
  });

  test("with a bad tensor never reaches the model, and is not the model's failure", async () => {
    const { serving, ask } = setUp();
    const model = fakeModel({ version: "1.0.0", answersAtOnce: false });
    await serving.activate(slot, model);

    await expect(ask({ inputs: [] })).rejects.toMatchObject({ code: "BAD_TENSOR" });
    await expect(ask({ outputs: ["z"] })).rejects.toMatchObject({ code: "BAD_TENSOR" });

    expect(model.waiting).toHaveLength(0);
    expect(serving.health(slot)).toMatchObject({ answered: 0, failed: 0 });
  });

  test("for one release is answered by that release or not at all", async () => {
    const { serving, ask } = setUp();
    const old = fakeModel({ version: "1.0.0", answersAtOnce: false });
    await serving.activate(slot, old);
    const { release } = old.staged;
    const pinned = ask({ release });

    old.crash();
    await serving.activate(slot, fakeModel({ version: "2.0.0" }));

    await expect(pinned).rejects.toMatchObject({ code: "UNKNOWN_MODEL" });
    await expect(ask({ release })).rejects.toMatchObject({ code: "UNKNOWN_MODEL" });
  });

  test("that a caller gave too little time is not the model's failure; one that used all of it is", async () => {
    const { clock, serving, ask } = setUp();
    const slow = fakeModel({ version: "1.0.0", answersAtOnce: false });
    await serving.activate(slot, slow);
    const late = new InferError("DEADLINE_EXCEEDED", "expected an answer, got none");

    const [hasty, patient] = [ask({ timeoutMs: 1 }), ask()];
    slow.waiting[0]?.fail(late);
    await expect(hasty).rejects.toBe(late);
    expect(serving.health(slot)?.failed).toBe(0);
    await clock.advance(slow.staged.document.limits.inferMs);
    slow.waiting[1]?.fail(late);

    await expect(patient).rejects.toBe(late);
    expect(serving.health(slot)?.failed).toBe(1);
  });
});
