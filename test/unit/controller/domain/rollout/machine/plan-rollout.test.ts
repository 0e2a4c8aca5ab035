import { describe, expect, test } from "vitest";
import { HOUR_MS, MINUTE_MS } from "../../../../../support/rollout-machine/execution-facts.ts";
import { begun, confirm, refuse, told } from "../../../../../support/rollout-machine/rig-acts.ts";
import { say } from "../../../../../support/rollout-machine/rollout-facts.ts";
import { RolloutRig } from "../../../../../support/rollout-machine/rollout-rig.ts";

describe("before it runs", () => {
  test("a draft waits for a person, a started one is split and runs", () => {
    const rig = new RolloutRig({ sizes: [1] });

    rig.pass(HOUR_MS);
    expect(rig.node).toBe("draft");
    rig.say(say.start);
    expect(rig.node).toBe("running");
    expect(rig.stageStates()).toEqual(["deploying"]);
  });

  test("a second person, then its time", () => {
    const rig = new RolloutRig({ sizes: [1], plan: { approval: true }, startAtMs: MINUTE_MS });

    rig.say(say.start);
    expect(rig.node).toBe("awaiting-approval");
    rig.say(say.approve);
    expect(rig.node).toBe("scheduled");
    rig.pass(MINUTE_MS - 1);
    expect(rig.node).toBe("scheduled");
    rig.pass(1);
    expect(rig.node).toBe("running");
  });

  test("a rollout that no device can take is rejected, one whose devices have it already is complete", () => {
    const rejected = new RolloutRig({ sizes: [2] });
    const complete = new RolloutRig({ sizes: [2] });

    const skip = (rig: RolloutRig, code: "INCOMPATIBLE" | "ALREADY_INSTALLED") => {
      for (const device of rig.devices) rig.happen(device, { kind: "skip", code, detail: null });
    };
    skip(rejected, "INCOMPATIBLE");
    skip(complete, "ALREADY_INSTALLED");
    rejected.say(say.start);
    complete.say(say.start);
    expect(rejected.node).toBe("rejected");
    expect(rejected.snapshot().rollout.endedAtMs).toBe(0);
    expect(complete.node).toBe("completed");
  });
});

describe("stages", () => {
  test("R1 in arithmetic: 5, 20 and 75 devices, each stage after the one before, all confirmed", () => {
    const rig = begun({ sizes: [5, 20, 75] });

    for (const [stage, size] of [5, 20, 75].entries()) {
      expect(rig.states(stage).filter((state) => state === "offered")).toHaveLength(size);
      expect(rig.states(stage + 1).filter((state) => state !== "queued")).toEqual([]);
      confirm(rig, { stage, count: size });
    }
    expect(rig.node).toBe("completed");
    expect(rig.stageStates()).toEqual(["passed", "passed", "passed"]);
  });

  test("R4 in arithmetic: the sixth failure of 50 halts, and nothing more is offered", () => {
    const thresholds = { errorPercent: 10, successPercent: 80 };
    const rig = begun({ sizes: [50, 50], stages: [{ thresholds }, {}] });

    refuse(rig, { stage: 0, count: 5 });
    expect(rig.node).toBe("running");
    refuse(rig, { stage: 0, count: 1 });
    expect(rig.node).toBe("paused (halt)");
    expect(rig.snapshot().rollout.detail).toBe(
      "stage 1: 6 of 50 devices failed, at most 10 % may, which is 5",
    );
    confirm(rig, { stage: 0, count: 44 });
    expect(rig.stageStates()).toEqual(["failed", "pending"]);
    expect(told(rig, 1)).toBe(0);
  });

  test("R5 in arithmetic: a stage that is merely complete starts no other", () => {
    const rig = begun({ sizes: [10, 10] });

    confirm(rig, { stage: 0, count: 5 });
    refuse(rig, { stage: 0, count: 2 });
    expect(rig.node).toBe("running");
    refuse(rig, { stage: 0, count: 1 });
    expect(rig.stageStates()).toEqual(["failed", "pending"]);
    refuse(rig, { stage: 0, count: 2 });
    rig.pass(HOUR_MS);
    expect(rig.node).toBe("paused (halt)");
    expect(told(rig, 1)).toBe(0);
  });

  test("R6 in arithmetic: it fails with the failure that makes success impossible, not at the deadline", () => {
    const thresholds = { errorPercent: 50, successPercent: 90 };
    const rig = begun({ sizes: [20], stages: [{ thresholds }] });

    refuse(rig, { stage: 0, count: 2 });
    expect(rig.node).toBe("running");
    refuse(rig, { stage: 0, count: 1 });
    expect(rig.node).toBe("paused (halt)");
  });

  test("R9 in arithmetic: a stuck device does not hang the stage", () => {
    const rig = begun({ sizes: [10], plan: { timeouts: { stepMs: MINUTE_MS } } });

    confirm(rig, { stage: 0, count: 9 });
    expect(rig.node).toBe("running");
    rig.pass(HOUR_MS);
    expect(rig.node).toBe("completed-with-failures");
    expect(rig.states(0).at(-1)).toBe("timed-out");
  });

  test("R10 in arithmetic: at the deadline 30 of 100 are offline; the stage passes, and they get it later", () => {
    const rig = begun({ sizes: [100] });

    const away = rig.devices.slice(70);
    for (const device of away) device.isOnline = false;
    confirm(rig, { stage: 0, count: 70 });
    expect(rig.node).toBe("running");
    rig.pass(10 * MINUTE_MS);
    expect(rig.node).toBe("completed");
    expect(rig.snapshot().rollout.detail).toBe(
      "devices that get it when they are online again: 30",
    );
    for (const device of away) device.isOnline = true;
    rig.settle();
    expect(rig.states(0).filter((state) => state === "offered")).toHaveLength(30);
    for (const device of away) rig.obey(device);
    expect(rig.states(0).every((state) => state === "succeeded")).toBe(true);
  });

  test("R10 in arithmetic: a canary that is offline as a whole is held, never passed, and goes on when it is back", () => {
    const rig = begun({ sizes: [10, 10] });

    for (const device of rig.devices.slice(0, 10)) device.isOnline = false;
    rig.pass(10 * MINUTE_MS);
    expect(rig.node).toBe("paused (inconclusive)");
    expect(rig.snapshot().rollout.detail).toBe(
      "stage 1: decided are 0, at least 1 must be; offline are 10",
    );
    rig.pass(100 * HOUR_MS);
    expect(rig.stageStates()).toEqual(["inconclusive", "pending"]);
    for (const device of rig.devices) device.isOnline = true;
    rig.settle();
    expect(rig.stageStates()).toEqual(["deploying", "pending"]);
    confirm(rig, { stage: 0, count: 8 });
    expect(rig.stageStates()).toEqual(["passed", "deploying"]);
  });

  test("an empty stage is passed and says so, and the next begins", () => {
    const rig = begun({ sizes: [0, 2] });

    expect(rig.stageStates()).toEqual(["passed", "deploying"]);
    expect(rig.snapshot().stages[0]?.detail).toBe("empty: no device of it counts");
  });

  test("what is left of a passed stage gets its orders with the next, and holds up the end", () => {
    const rig = begun({ sizes: [5, 1] });

    confirm(rig, { stage: 0, count: 4 });
    confirm(rig, { stage: 1, count: 1 });
    expect(rig.stageStates()).toEqual(["passed", "passed"]);
    expect(rig.node).toBe("running");
    confirm(rig, { stage: 0, count: 1 });
    expect(rig.node).toBe("completed");
  });
});

describe("baking", () => {
  const baking = () => {
    const rig = begun({ sizes: [5, 1], stages: [{ bakeMs: HOUR_MS, deadlineMs: 9 * HOUR_MS }] });
    confirm(rig, { stage: 0, count: 4 });
    return rig;
  };

  test("lasts its time", () => {
    const rig = baking();

    expect(rig.stageStates()).toEqual(["baking", "pending"]);
    rig.pass(HOUR_MS - 1);
    expect(rig.stageStates()).toEqual(["baking", "pending"]);
    rig.pass(1);
    expect(rig.stageStates()).toEqual(["passed", "deploying"]);
  });

  test("is over when the quorum is lost by a device that falls back", () => {
    const rig = baking();

    refuse(rig, { stage: 0, count: 1, of: "succeeded" });
    expect(rig.stageStates()).toEqual(["deploying", "pending"]);
    expect(rig.snapshot().stages[0]?.detail).toBe("the quorum is lost: 3 of 5 devices succeeded");
  });

  test("a second failure while it bakes halts", () => {
    const rig = baking();

    refuse(rig, { stage: 0, count: 2, of: "succeeded" });
    expect(rig.node).toBe("paused (halt)");
  });
});

describe("a review", () => {
  const inReview = () => {
    const rig = begun({ sizes: [5, 1], stages: [{ review: true }] });
    confirm(rig, { stage: 0, count: 4 });
    return rig;
  };

  test("waits for a person, however long", () => {
    const rig = inReview();

    rig.pass(100 * HOUR_MS);
    expect(rig.node).toBe("paused (review)");
    rig.say(say.promote);
    expect(rig.stageStates()).toEqual(["promoted", "deploying"]);
  });

  test("R17 in arithmetic: what fails meanwhile halts although a review is open", () => {
    const rig = inReview();

    refuse(rig, { stage: 0, count: 2, of: "succeeded" });
    expect(rig.node).toBe("paused (halt)");
    expect(rig.stageStates()).toEqual(["failed", "pending"]);
  });

  test("is not asked for after the last stage", () => {
    const rig = begun({ sizes: [1], stages: [{ review: true }] });

    confirm(rig, { stage: 0, count: 1 });
    expect(rig.node).toBe("completed");
  });
});
