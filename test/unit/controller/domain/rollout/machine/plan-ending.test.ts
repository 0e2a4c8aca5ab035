import { describe, expect, test } from "vitest";
import { HOUR_MS } from "../../../../../support/rollout-machine/execution-facts.ts";
import { begun, confirm, refuse } from "../../../../../support/rollout-machine/rig-acts.ts";
import { say } from "../../../../../support/rollout-machine/rollout-facts.ts";

describe("failures where nothing is deployed any more", () => {
  test("a passed stage that falls back halts the rollout while a later one is deploying", () => {
    const rig = begun({ sizes: [5, 5] });

    confirm(rig, { stage: 0, count: 5 });
    refuse(rig, { stage: 0, count: 2, of: "succeeded" });
    expect(rig.node).toBe("paused (halt)");
    expect(rig.stageStates()).toEqual(["failed", "deploying"]);
  });

  test("a pause of an operator turns into a halt", () => {
    const rig = begun({ sizes: [5] });

    rig.say(say.pause);
    refuse(rig, { stage: 0, count: 2 });
    expect(rig.node).toBe("paused (halt)");
  });

  test("after the end the stage fails, and the rollout is complete with failures", () => {
    const rig = begun({ sizes: [5] });

    confirm(rig, { stage: 0, count: 5 });
    expect(rig.node).toBe("completed");
    refuse(rig, { stage: 0, count: 1, of: "succeeded" });
    expect(rig.node).toBe("completed");
    refuse(rig, { stage: 0, count: 1, of: "succeeded" });
    expect(rig.node).toBe("completed-with-failures");
    expect(rig.stageStates()).toEqual(["failed"]);
  });

  test("a plan that wants it goes back, as long as it is watched", () => {
    const plan = { onFallback: "revert", watchMs: HOUR_MS } as const;
    const watched = begun({ sizes: [5], plan });
    const late = begun({ sizes: [5], plan });

    for (const rig of [watched, late]) confirm(rig, { stage: 0, count: 5 });
    watched.pass(HOUR_MS - 1);
    late.pass(HOUR_MS);
    for (const rig of [watched, late]) refuse(rig, { stage: 0, count: 2, of: "succeeded" });
    expect(watched.node).toBe("rolling-back");
    expect(late.node).toBe("completed-with-failures");
  });
});

describe("what the plan does after a halt", () => {
  const failing = (onFailure: "pause" | "revert-stage" | "revert") => {
    const rig = begun({ sizes: [2, 5], plan: { onFailure } });
    confirm(rig, { stage: 0, count: 2 });
    confirm(rig, { stage: 1, count: 1 });
    refuse(rig, { stage: 1, count: 2 });
    return rig;
  };

  test("nothing, where it says pause", () => {
    const rig = failing("pause");

    expect(rig.node).toBe("paused (halt)");
    expect(rig.stageStates()).toEqual(["passed", "failed"]);
  });

  test("the devices of the stage go back, those of others stay", () => {
    const rig = failing("revert-stage");

    expect(rig.stageStates()).toEqual(["passed", "reverted"]);
    expect(rig.node).toBe("paused (halt)");
    for (const device of rig.devices) rig.obey(device);
    expect(rig.states(0)).toEqual(["succeeded", "succeeded"]);
    expect(rig.states(1)).toEqual(Array.from({ length: 5 }, () => "rolled-back"));
  });

  test("all go back, and then it is rolled back", () => {
    const rig = failing("revert");

    expect(rig.node).toBe("rolling-back");
    for (const device of rig.devices) rig.obey(device);
    expect(rig.node).toBe("rolled-back");
    expect(new Set(rig.devices.map(({ execution }) => execution.state))).toEqual(
      new Set(["rolled-back"]),
    );
  });
});

describe("going back", () => {
  test("R11 in arithmetic: who is missing at the deadline is counted, and is back when it returns", () => {
    const rig = begun({ sizes: [3] });

    confirm(rig, { stage: 0, count: 2 });
    rig.say(say.rollback);
    for (const device of rig.devices.slice(1)) rig.obey(device);
    rig.pass(HOUR_MS - 1);
    expect(rig.node).toBe("rolling-back");
    rig.pass(1);
    expect(rig.node).toBe("rollback-incomplete");
    expect(rig.snapshot().rollout.detail).toBe("devices that go back when they return: 1");
    for (const device of rig.devices) rig.obey(device);
    expect(rig.node).toBe("rolled-back");
  });

  test("a device with nothing to go back to does not hold it up", () => {
    const rig = begun({ sizes: [1] });

    for (const device of rig.devices) device.hasPrevious = false;
    confirm(rig, { stage: 0, count: 1 });
    rig.say(say.rollback);
    expect(rig.node).toBe("rolled-back");
    expect(rig.devices[0]?.execution).toMatchObject({ state: "succeeded", code: "NO_PREVIOUS" });
  });

  test("an abort that keeps calls off what has not begun to serve", () => {
    const rig = begun({ sizes: [3, 3] });

    confirm(rig, { stage: 0, count: 1 });
    rig.say(say.keep);
    expect(rig.node).toBe("aborted");
    expect(rig.states(0)).toEqual(["succeeded", "canceled", "canceled"]);
    expect(new Set(rig.states(1))).toEqual(new Set(["canceled"]));
  });

  test("an abort that reverts waits for the devices, up to its deadline", () => {
    const rig = begun({ sizes: [3] });

    confirm(rig, { stage: 0, count: 1 });
    rig.say(say.revert);
    expect(rig.node).toBe("aborting");
    rig.pass(HOUR_MS);
    expect(rig.node).toBe("aborted");
    expect(rig.snapshot().rollout.detail).toBe("devices that go back when they return: 3");
  });
});

test("when others' wishes have taken every device, it is superseded", () => {
  const rig = begun({ sizes: [2, 1] });

  const cancel = { kind: "cancel", code: "SUPERSEDED", detail: null } as const;
  for (const device of rig.devices.slice(0, 2)) rig.happen(device, cancel);
  rig.settle();
  expect(rig.node).toBe("running");
  for (const device of rig.devices) rig.happen(device, cancel);
  rig.settle();
  expect(rig.node).toBe("superseded");
});
