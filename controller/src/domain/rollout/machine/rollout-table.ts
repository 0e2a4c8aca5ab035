import type { PauseReason, RolloutState, StageState } from "@modelfleet/protocol";
import type { RolloutCommand, RolloutRecord } from "../rollout.ts";

/** A rollout's state, with the reason where it is paused: a halt and a review are not the same. */
export type RolloutNode = Exclude<RolloutState, "paused"> | `paused (${PauseReason})`;

/** What brings a transition about: a person's word, or `plan`, the rollout's own. */
export type RolloutCause = RolloutCommand["kind"] | "plan";

export interface RolloutTransition {
  readonly by: RolloutCause;
  readonly from: readonly RolloutNode[];
  readonly to: RolloutNode;
  readonly when: string;
}

export interface StageTransition {
  readonly by: RolloutCause;
  readonly from: readonly StageState[];
  readonly to: StageState;
  readonly when: string;
}

const unreviewed = ["paused (operator)", "paused (inconclusive)", "paused (halt)"] as const;
const paused = [...unreviewed, "paused (review)"] as const;
const notBegun = ["draft", "validating", "awaiting-approval", "scheduled"] as const;
const ended = ["completed", "completed-with-failures"] as const;

/** All that can happen to a rollout. `planRollout` and `commandRollout` make no other transition. */
export const rolloutTransitions: readonly RolloutTransition[] = [
  { by: "start", from: ["draft"], to: "validating", when: "a person starts it" },
  { by: "start", from: ["scheduled"], to: "running", when: "a person does not wait for its time" },
  { by: "plan", from: ["validating"], to: "rejected", when: "no device can take the release" },
  {
    by: "plan",
    from: ["validating"],
    to: "awaiting-approval",
    when: "a second person must approve",
  },
  { by: "plan", from: ["validating"], to: "scheduled", when: "its time is still to come" },
  { by: "plan", from: ["validating"], to: "running", when: "nothing stands against it" },
  {
    by: "approve",
    from: ["awaiting-approval"],
    to: "scheduled",
    when: "its time is still to come",
  },
  {
    by: "approve",
    from: ["awaiting-approval"],
    to: "running",
    when: "nothing else stands against it",
  },
  { by: "deny", from: ["awaiting-approval"], to: "denied", when: "a second person says no" },
  { by: "plan", from: ["scheduled"], to: "running", when: "its time has come" },
  {
    by: "pause",
    from: ["running", "paused (inconclusive)"],
    to: "paused (operator)",
    when: "a person pauses it",
  },
  { by: "plan", from: ["running"], to: "paused (review)", when: "a stage waits for its review" },
  {
    by: "plan",
    from: ["running"],
    to: "paused (inconclusive)",
    when: "a stage can neither pass nor fail",
  },
  { by: "plan", from: ["running", ...paused], to: "paused (halt)", when: "a stage has failed" },
  {
    by: "plan",
    from: ["paused (inconclusive)"],
    to: "running",
    when: "there is more to decide by: devices are back",
  },
  {
    by: "resume",
    from: unreviewed,
    to: "running",
    when: "a person lets it go on",
  },
  {
    by: "resume",
    from: ["paused (halt)"],
    to: "paused (review)",
    when: "a review was open at the halt",
  },
  {
    by: "promote",
    from: ["running", "paused (review)", "paused (inconclusive)"],
    to: "running",
    when: "a person passes the stage",
  },
  { by: "plan", from: ["running"], to: "completed", when: "all stages are passed, nothing failed" },
  {
    by: "plan",
    from: ["running"],
    to: "completed-with-failures",
    when: "all stages are passed, something failed",
  },
  { by: "plan", from: ended, to: "completed-with-failures", when: "a stage fails after the end" },
  { by: "plan", from: ["completed"], to: "completed", when: "its watch is over" },
  {
    by: "plan",
    from: ["completed-with-failures"],
    to: "completed-with-failures",
    when: "its watch is over",
  },
  {
    by: "abort",
    from: [...notBegun, "running", ...paused],
    to: "aborting",
    when: "a person ends it",
  },
  {
    by: "plan",
    from: ["aborting"],
    to: "aborted",
    when: "all is called off or sent back, or whoever is missing is listed",
  },
  {
    by: "rollback",
    from: ["running", ...paused, ...ended],
    to: "rolling-back",
    when: "a person sends all devices back",
  },
  {
    by: "plan",
    from: ["paused (halt)", "completed-with-failures"],
    to: "rolling-back",
    when: "the plan wants it after a failure",
  },
  { by: "plan", from: ["rolling-back"], to: "rolled-back", when: "every device is back" },
  {
    by: "plan",
    from: ["rolling-back"],
    to: "rollback-incomplete",
    when: "some are not back at the deadline",
  },
  {
    by: "plan",
    from: ["rollback-incomplete"],
    to: "rolled-back",
    when: "the last of them is back",
  },
  {
    by: "plan",
    from: ["awaiting-approval", "scheduled", "running", ...unreviewed],
    to: "superseded",
    when: "newer orders or an operator have taken all of its devices",
  },
];

const begun = ["deploying", "baking", "evaluating", "awaiting-review", "inconclusive"] as const;
const passed = ["passed", "promoted"] as const;

/** All that can happen to a stage. */
export const stageTransitions: readonly StageTransition[] = [
  { by: "plan", from: ["pending"], to: "deploying", when: "the stage before it is passed" },
  { by: "plan", from: ["deploying"], to: "passed", when: "there was nobody to count" },
  { by: "plan", from: ["deploying"], to: "baking", when: "the quorum is there" },
  {
    by: "plan",
    from: ["deploying"],
    to: "evaluating",
    when: "the quorum is there, and nothing to bake",
  },
  { by: "plan", from: ["baking"], to: "evaluating", when: "the bake time is over" },
  { by: "plan", from: ["baking", "evaluating"], to: "deploying", when: "the quorum is lost" },
  { by: "plan", from: ["evaluating"], to: "passed", when: "nothing else is asked" },
  {
    by: "plan",
    from: ["evaluating"],
    to: "awaiting-review",
    when: "a person is asked before the next stage",
  },
  {
    by: "plan",
    from: ["deploying"],
    to: "inconclusive",
    when: "all is decided, and it is too little to pass or nothing new to fail",
  },
  { by: "plan", from: ["inconclusive"], to: "deploying", when: "there is more to decide by" },
  {
    by: "plan",
    from: [...begun, ...passed],
    to: "failed",
    when: "an error threshold is crossed, or success is impossible",
  },
  {
    by: "resume",
    from: ["failed", "inconclusive"],
    to: "deploying",
    when: "a person acknowledges what failed",
  },
  {
    by: "resume",
    from: ["failed"],
    to: "promoted",
    when: "a person acknowledges it after a later stage has begun",
  },
  {
    by: "retry-failed",
    from: ["failed"],
    to: "promoted",
    when: "a person has it tried again after the end",
  },
  { by: "promote", from: begun, to: "promoted", when: "a person passes it" },
  { by: "plan", from: ["failed"], to: "reverted", when: "the plan sends back a failed stage" },
  {
    by: "plan",
    from: [...begun, ...passed],
    to: "reverted",
    when: "the plan sends back the rollout",
  },
  {
    by: "abort",
    from: [...begun, ...passed, "failed"],
    to: "reverted",
    when: "a person ends it and sends back",
  },
  {
    by: "rollback",
    from: [...begun, ...passed, "failed"],
    to: "reverted",
    when: "a person sends back",
  },
];

const known = new Set([
  ...keysOf("rollout", rolloutTransitions),
  ...keysOf("stage", stageTransitions),
]);

export function rolloutNode({
  state,
  paused: reason,
}: Pick<RolloutRecord, "state" | "paused">): RolloutNode {
  if (state !== "paused") return state;
  return `paused (${reason ?? "operator"})`;
}

/** @throws RangeError for a transition that the table does not hold: a defect of ours */
export function requireTransition(
  machine: "rollout" | "stage",
  { by, from, to }: { readonly by: RolloutCause; readonly from: string; readonly to: string },
): void {
  if (known.has(`${machine}:${by}:${from}:${to}`)) return;
  throw new RangeError(
    `expected a transition of the ${machine} that its table holds, got ${from} to ${to} by ${by}`,
  );
}

/** From which states a word may be said. */
export function statesAllowing(command: RolloutCommand["kind"]): readonly RolloutNode[] {
  if (command === "retry-failed") return ["running", ...paused, ...ended];
  const rows = rolloutTransitions.filter(({ by }) => by === command);
  return [...new Set(rows.flatMap(({ from }) => from))];
}

function keysOf(
  machine: string,
  rows: readonly { readonly by: string; readonly from: readonly string[]; readonly to: string }[],
): readonly string[] {
  return rows.flatMap(({ by, from, to }) => from.map((state) => `${machine}:${by}:${state}:${to}`));
}
