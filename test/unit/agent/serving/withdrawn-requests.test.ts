import { runnerLimits, SlotName } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { queueRig } from "../../../support/agent/queue-rig.ts";

const slot = SlotName.parse("main");
const { pipelinedMax } = runnerLimits;

describe("a request that nobody waits for any more", () => {
  test("is never sent to the model", async () => {
    const { router, model, outcome, leaving, workOne } = await queueRig({
      max: 3,
      policy: "reject",
    });
    const running = Array.from({ length: pipelinedMax }, (_, i) => outcome(i));
    const asker = leaving(7);
    const behind = outcome(8);

    asker.leave();
    for (let i = 0; i < pipelinedMax + 1; i++) await workOne();

    expect(await asker.outcome).toBe("WITHDRAWN");
    expect(new Set([...(await Promise.all(running)), await behind])).toEqual(new Set(["1.0.0"]));
    expect(model.waiting).toEqual([]);
    expect(router.counts(slot)).toMatchObject({ withdrawn: 1, executions: pipelinedMax + 1 });
  });

  test("is answered where the model has it already", async () => {
    const { router, outcome, leaving, workOne } = await queueRig();
    const asker = leaving(7);
    const other = outcome(8);

    asker.leave();
    await workOne();
    await workOne();

    expect([await asker.outcome, await other]).toEqual(["1.0.0", "1.0.0"]);
    expect(router.counts(slot)).toMatchObject({ withdrawn: 0 });
  });

  test("takes no place of a full queue from one that somebody waits for", async () => {
    const { router, outcome, leaving, workOne } = await queueRig({ max: 3, policy: "reject" });
    const taken = Array.from({ length: pipelinedMax + 1 }, (_, i) => outcome(i));
    const askers = [leaving(7), leaving(8)];

    for (const asker of askers) asker.leave();
    taken.push(outcome(9), outcome(10));
    const refused = outcome(11);

    expect(await Promise.all(askers.map((asker) => asker.outcome))).toEqual([
      "WITHDRAWN",
      "WITHDRAWN",
    ]);
    expect(await refused).toBe("OVERLOADED");
    for (let i = 0; i < taken.length; i++) await workOne();
    expect(new Set(await Promise.all(taken))).toEqual(new Set(["1.0.0"]));
    expect(router.counts(slot)).toMatchObject({ withdrawn: 2, rejected: 1 });
  });

  test("is asked all the same where it moves a sequence on", async () => {
    const { router, outcome, leaving, workOne } = await queueRig();
    const running = Array.from({ length: pipelinedMax }, (_, i) => outcome(i));
    const sequence = { id: "cam-1", isStart: true, isEnd: false };
    const asker = leaving(7, { sequence });

    asker.leave();
    for (let i = 0; i < pipelinedMax + 1; i++) await workOne();

    expect(await asker.outcome).toBe("1.0.0");
    await Promise.all(running);
    expect(router.counts(slot)).toMatchObject({ withdrawn: 0 });
  });
});
