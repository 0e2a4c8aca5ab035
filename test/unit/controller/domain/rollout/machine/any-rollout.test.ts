import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  rolloutTransitions,
  stageTransitions,
} from "../../../../../../controller/src/domain/rollout/machine/rollout-table.ts";
import type { RolloutCommand } from "../../../../../../controller/src/domain/rollout/rollout.ts";
import {
  anyHappening,
  anyRollout,
  anyWord,
  type Happening,
  happenings,
  hurry,
} from "../../../../../support/rollout-machine/any-rollout.ts";
import { HOUR_MS, MINUTE_MS } from "../../../../../support/rollout-machine/execution-facts.ts";
import { confirm, refuse } from "../../../../../support/rollout-machine/rig-acts.ts";
import { type RigPlan, say } from "../../../../../support/rollout-machine/rollout-facts.ts";
import { RolloutRig } from "../../../../../support/rollout-machine/rollout-rig.ts";
import {
  comesToAnEnd,
  conserves,
  offersOnlyWhenItMay,
  staysTrue,
} from "../../../../../support/rollout-machine/rollout-rules.ts";

const SEED = 20_261_206;
const RUNS = 10_000;
const watch = { changed: staysTrue, offered: offersOnlyWhenItMay };

/** What is known of a rollout without asking its machine: how many devices it was made with. */
interface Model {
  readonly devices: number;
}

class Happens implements fc.Command<Model, RolloutRig> {
  readonly happening: Happening;

  constructor(happening: Happening) {
    this.happening = happening;
  }

  check(): boolean {
    return true;
  }

  run(model: Model, rig: RolloutRig): void {
    happenings[this.happening.what]?.(rig, this.happening.which);
    if (this.happening.what !== hurry) rig.settle();
    conserves(rig, model.devices);
  }

  toString(): string {
    return `${this.happening.what} (${this.happening.which})`;
  }
}

class Says implements fc.Command<Model, RolloutRig> {
  readonly word: RolloutCommand;

  constructor(word: RolloutCommand) {
    this.word = word;
  }

  check(): boolean {
    return true;
  }

  /** A word that is refused changes nothing. */
  run(model: Model, rig: RolloutRig): void {
    const before = rig.snapshot();
    if (rig.say(this.word) !== undefined) expect(rig.snapshot()).toEqual(before);
    conserves(rig, model.devices);
  }

  toString(): string {
    return JSON.stringify(this.word);
  }
}

const anyCommands = fc.commands(
  [
    anyHappening.map((happening) => new Happens(happening)),
    anyHappening.map((happening) => new Happens(happening)),
    anyHappening.map((happening) => new Happens(happening)),
    anyWord.map((word) => new Says(word)),
  ],
  { maxCommands: 16, size: "max" },
);

/** What was gone through by every test of this file. */
const seen = new Set<string>();

test(`whatever happens to a rollout, in ${RUNS} sequences (seed ${SEED}), it stays true to its rules and comes to an end`, () => {
  const anyDraft = fc.integer({ min: 1, max: 10 }).map((tenth) => tenth === 1);
  const anyCourse = fc.property(anyRollout, anyCommands, anyDraft, (plan, commands, isDraft) => {
    const rig = new RolloutRig(plan, watch, seen);
    if (!isDraft) rig.say(say.start);
    const model = { devices: rig.devices.length };
    fc.modelRun(() => ({ model, real: rig }), commands);
    comesToAnEnd(rig, HOUR_MS);
  });

  fc.assert(anyCourse, { numRuns: RUNS, seed: SEED });
});

describe("between two of its steps", () => {
  /** The last device of the quorum has confirmed, and nothing but that was looked at. */
  const evaluated = (plan: RigPlan["plan"] = {}) => {
    const rig = new RolloutRig({ sizes: [2, 5], plan }, watch, seen);
    rig.say(say.start);
    confirm(rig, { stage: 0, count: 2 });
    confirm(rig, { stage: 1, count: 3 });
    rig.hurry(1);
    confirm(rig, { stage: 1, count: 1 });
    expect(rig.stageStates()).toEqual(["passed", "evaluating"]);
    return rig;
  };

  test("a person's word reaches a rollout that is being split", () => {
    const rig = new RolloutRig({ sizes: [2] }, watch, seen);

    rig.hurry(1);
    rig.say(say.start);
    expect(rig.node).toBe("validating");
    rig.say(say.keep);
    expect(rig.node).toBe("aborted");
  });

  test.each([
    ["promote", "promoted"],
    ["revert", "reverted"],
    ["rollback", "reverted"],
  ] as const)("a stage that is evaluated hears %s", (word, state) => {
    const rig = evaluated();

    rig.say(say[word]);
    expect(rig.stageStates()[1]).toBe(state);
  });

  test("one that falls back then takes the quorum away, two fail the stage", () => {
    const [one, two] = [evaluated(), evaluated()];

    refuse(one, { stage: 1, count: 1, of: "succeeded" });
    refuse(two, { stage: 1, count: 2, of: "succeeded" });
    expect(one.stageStates()[1]).toBe("deploying");
    expect(two.stageStates()[1]).toBe("failed");
  });

  test("a failure of an earlier stage sends it back with the rest, where the plan says so", () => {
    const rig = evaluated({ onFailure: "revert" });

    refuse(rig, { stage: 0, count: 1, of: "succeeded" });
    expect(rig.stageStates()).toEqual(["reverted", "reverted"]);
  });
});

describe("while a later stage stands, an earlier one falls back", () => {
  const cases = [
    ["baking", { bakeMs: HOUR_MS }],
    ["awaiting-review", { review: true }],
    ["inconclusive", { thresholds: { successPercent: 80, decidedMin: 5 } }],
  ] as const;

  test.each(cases)("%s: all go back where the plan says so", (state, stage) => {
    const plan = { onFailure: "revert" } as const;
    const rig = new RolloutRig({ sizes: [2, 5, 1], stages: [{}, stage], plan }, watch, seen);

    rig.say(say.start);
    confirm(rig, { stage: 0, count: 2 });
    const [away] = rig.devices.slice(2);
    if (state === "inconclusive" && away !== undefined) away.isOnline = false;
    confirm(rig, { stage: 1, count: 4, from: 1 });
    if (state === "inconclusive") rig.pass(10 * MINUTE_MS);
    expect(rig.stageStates()).toEqual(["passed", state, "pending"]);
    refuse(rig, { stage: 0, count: 1, of: "succeeded" });
    expect(rig.stageStates()).toEqual(["reverted", "reverted", "pending"]);
    expect(rig.node).toBe("rolling-back");
  });

  test("a review that was open is open again when a person resumes", () => {
    const stages = [{}, { review: true }];
    const rig = new RolloutRig({ sizes: [2, 5, 1], stages }, watch, seen);

    rig.say(say.start);
    confirm(rig, { stage: 0, count: 2 });
    confirm(rig, { stage: 1, count: 4 });
    refuse(rig, { stage: 0, count: 1, of: "succeeded" });
    expect(rig.node).toBe("paused (halt)");
    rig.say(say.resume);
    expect(rig.node).toBe("paused (review)");
  });
});

test("every transition of the tables was gone through, and no other", () => {
  const table = new Set([
    ...rolloutTransitions.flatMap(({ by, from, to }) =>
      from.map((node) => `rollout:${by}:${node}:${to}`),
    ),
    ...stageTransitions.flatMap(({ by, from, to }) =>
      from.map((state) => `stage:${by}:${state}:${to}`),
    ),
  ]);

  expect([...seen].toSorted()).toEqual([...table].toSorted());
});
