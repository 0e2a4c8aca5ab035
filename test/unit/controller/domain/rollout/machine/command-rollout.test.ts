import { describe, expect, test } from "vitest";
import {
  commandAutomatically,
  commandRollout,
} from "../../../../../../controller/src/domain/rollout/machine/command-rollout.ts";
import { HOUR_MS, MINUTE_MS } from "../../../../../support/rollout-machine/execution-facts.ts";
import { begun, confirm, refuse, told } from "../../../../../support/rollout-machine/rig-acts.ts";
import { say } from "../../../../../support/rollout-machine/rollout-facts.ts";
import { RolloutRig } from "../../../../../support/rollout-machine/rollout-rig.ts";

const thresholds = { errorPercent: 10, successPercent: 80 };

/** Two stages of 50, halted at the sixth failure of the first. */
function halted(): RolloutRig {
  const rig = begun({ sizes: [50, 50], stages: [{ thresholds }, { thresholds }] });
  refuse(rig, { stage: 0, count: 6 });
  return rig;
}

describe("a word that the state does not allow", () => {
  test("is refused and told which states do", () => {
    const rig = begun({ sizes: [1] });

    expect(rig.say(say.approve)).toBe(
      "approve: expected a rollout that is awaiting-approval, got running",
    );
    expect(rig.say(say.resume)).toBe(
      "resume: expected a rollout that is paused (operator), paused (inconclusive) or paused (halt), got running",
    );
    expect(rig.node).toBe("running");
  });

  test("R19 in arithmetic: a denial is an end with its reason", () => {
    const rig = new RolloutRig({ sizes: [1], plan: { approval: true } });

    rig.say(say.start);
    rig.say(say.deny);
    expect(rig.snapshot().rollout).toMatchObject({ state: "denied", detail: "because" });
    for (const word of Object.values(say)) expect(rig.say(word)).toContain("got denied");
  });

  test("nothing that has not begun is rolled back, nothing that has ended is aborted", () => {
    const waiting = new RolloutRig({ sizes: [1], startAtMs: HOUR_MS });
    const ended = begun({ sizes: [1] });

    waiting.say(say.start);
    confirm(ended, { stage: 0, count: 1 });
    expect(waiting.say(say.rollback)).toContain("got scheduled");
    expect(ended.say(say.keep)).toContain("got completed");
  });
});

describe("starting", () => {
  test("does not wait for its time when a person says so", () => {
    const rig = new RolloutRig({ sizes: [1], startAtMs: HOUR_MS });

    rig.say(say.start);
    expect(rig.node).toBe("scheduled");
    rig.say(say.start);
    expect(rig.node).toBe("running");
    expect(rig.snapshot().rollout.startedAtMs).toBe(0);
  });

  test("an approval is written down, and with no time to wait for it runs", () => {
    const rig = new RolloutRig({ sizes: [1], plan: { approval: true } });

    rig.say(say.start);
    rig.say(say.approve);
    expect(rig.node).toBe("running");
    expect(rig.snapshot().rollout.approval).toMatchObject({ approvedBy: "key:two" });
  });
});

describe("pausing and resuming", () => {
  test("nobody gets an order while it stands", () => {
    const rig = begun({ sizes: [2, 2] });

    rig.say(say.pause);
    for (const device of rig.devices) rig.obey(device);
    rig.pass(100 * HOUR_MS);
    expect(rig.stageStates()).toEqual(["deploying", "pending"]);
    expect(told(rig, 1)).toBe(0);
    rig.say(say.resume);
    expect(told(rig, 1)).toBe(2);
  });

  test("what the pause took is not taken from the stage", () => {
    const rig = begun({ sizes: [2] });

    rig.say(say.pause);
    rig.pass(30 * MINUTE_MS);
    rig.say(say.resume);
    expect(rig.snapshot().stages[0]?.deadlineAtMs).toBe(40 * MINUTE_MS);
  });

  test("R20 in arithmetic: resuming acknowledges six failures, the seventh halts again", () => {
    const rig = halted();

    rig.say(say.resume);
    expect(rig.node).toBe("running");
    expect(rig.snapshot().stages[0]).toMatchObject({ state: "deploying", acknowledged: 6 });
    refuse(rig, { stage: 0, count: 1 });
    expect(rig.node).toBe("paused (halt)");
    expect(rig.snapshot().rollout.detail).toBe(
      "stage 1: 7 of 50 devices failed, at most 10 % may, which is 5",
    );
  });

  test("an acknowledged stage still needs its quorum", () => {
    const rig = halted();

    rig.say(say.resume);
    confirm(rig, { stage: 0, count: 39 });
    expect(rig.stageStates()).toEqual(["deploying", "pending"]);
    confirm(rig, { stage: 0, count: 1 });
    expect(rig.stageStates()).toEqual(["passed", "deploying"]);
  });

  test("one that can no longer reach it is held for a person", () => {
    const rig = begun({ sizes: [10, 10] });

    refuse(rig, { stage: 0, count: 3 });
    rig.say(say.resume);
    confirm(rig, { stage: 0, count: 7 });
    expect(rig.node).toBe("paused (inconclusive)");
    expect(rig.snapshot().rollout.detail).toBe(
      "stage 1: 7 of 10 devices succeeded, which is less than 80 %; 3 failures are acknowledged",
    );
    expect(rig.say(say.promote)).toBeUndefined();
    expect(rig.stageStates()).toEqual(["promoted", "deploying"]);
  });

  test("an early stage that failed while a later one was deploying counts as promoted", () => {
    const rig = begun({ sizes: [5, 5] });

    confirm(rig, { stage: 0, count: 5 });
    refuse(rig, { stage: 0, count: 2, of: "succeeded" });
    rig.say(say.resume);
    expect(rig.stageStates()).toEqual(["promoted", "deploying"]);
    expect(rig.snapshot().stages[0]?.acknowledged).toBe(2);
  });

  test("a review that was open at the halt is open again", () => {
    const rig = begun({ sizes: [5, 5, 5], stages: [{}, { review: true }] });

    confirm(rig, { stage: 0, count: 5 });
    confirm(rig, { stage: 1, count: 5 });
    refuse(rig, { stage: 0, count: 2, of: "succeeded" });
    rig.say(say.resume);
    expect(rig.node).toBe("paused (review)");
    expect(rig.stageStates()).toEqual(["promoted", "awaiting-review", "pending"]);
    expect(rig.say(say.resume)).toContain("got paused (review)");
  });

  test("a stage that was sent back does not go on", () => {
    const rig = begun({ sizes: [2, 2], plan: { onFailure: "revert-stage" } });

    refuse(rig, { stage: 0, count: 1 });
    expect(rig.say(say.resume)).toBe(
      "resume: expected stages that were not sent back, got stage 1, which was: abort it or roll it back",
    );
    expect(rig.say(say.rollback)).toBeUndefined();
  });
});

describe("promoting", () => {
  test("passes the stage under way, whatever its figures", () => {
    const rig = begun({ sizes: [5, 5] });

    rig.say(say.promote);
    expect(rig.stageStates()).toEqual(["promoted", "deploying"]);
    expect(told(rig, 1)).toBe(5);
  });

  test("is not how to get past a halt", () => {
    expect(halted().say(say.promote)).toContain("got paused (halt)");
  });

  test("does without the quorum, not without the error limits", () => {
    const rig = begun({ sizes: [10, 10] });

    refuse(rig, { stage: 0, count: 2 });
    rig.say(say.promote);
    refuse(rig, { stage: 0, count: 3 });
    expect(rig.node).toBe("running");
    refuse(rig, { stage: 0, count: 1 });
    expect(rig.node).toBe("paused (halt)");
  });

  test("does not time out devices that a review kept from their orders", () => {
    const rig = begun({ sizes: [5, 5], stages: [{ review: true }] });

    confirm(rig, { stage: 0, count: 4 });
    rig.pass(100 * HOUR_MS);
    rig.say(say.promote);
    expect(rig.snapshot().stages[0]?.deadlineAtMs).toBe(100 * HOUR_MS + 10 * MINUTE_MS);
  });
});

describe("trying again", () => {
  test("what is tried again is acknowledged no more", () => {
    const rig = begun({ sizes: [10] });
    const [first, ...others] = rig.devices;

    rig.pass(MINUTE_MS);
    for (const device of others.slice(0, 2)) device.isOnline = false;
    rig.pass(10 * MINUTE_MS);
    expect(first?.execution.state).toBe("timed-out");
    expect(rig.node).toBe("paused (halt)");
    rig.say(say.resume);
    expect(rig.snapshot().stages[0]?.acknowledged).toBe(8);
    rig.say(say.retry);
    expect(rig.snapshot().stages[0]?.acknowledged).toBe(0);
    refuse(rig, { stage: 0, count: 3 });
    expect(rig.node).toBe("paused (halt)");
  });

  test("after the end a stage that failed then offers again", () => {
    const rig = begun({ sizes: [5] });

    confirm(rig, { stage: 0, count: 5 });
    refuse(rig, { stage: 0, count: 2, of: "succeeded" });
    expect(rig.stageStates()).toEqual(["failed"]);
    rig.say(say.retry);
    expect(rig.stageStates()).toEqual(["promoted"]);
    expect(rig.states(0).filter((state) => state === "offered")).toHaveLength(2);
  });
});

describe("an automatic actor", () => {
  const snapshot = () => begun({ sizes: [5] }).snapshot();

  test("may make a rollout do less", () => {
    for (const word of [say.pause, say.keep, say.revert, say.rollback]) {
      expect(commandAutomatically(snapshot(), word, 0)).toEqual(
        commandRollout(snapshot(), word, 0),
      );
    }
  });

  test("R22 in arithmetic: may not make it do more", () => {
    const words = [say.start, say.approve, say.deny, say.resume, say.promote, say.retry];

    for (const word of words) {
      expect(commandAutomatically(snapshot(), word, 0)).toEqual({
        kind: "refused",
        sentence: `${word.kind}: expected a person, got an automatic actor, which may only pause, abort or rollback`,
      });
    }
  });
});
