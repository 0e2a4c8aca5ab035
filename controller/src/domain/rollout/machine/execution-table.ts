import type { ExecutionState } from "@modelfleet/protocol";
import type { ExecutionEvent } from "../execution.ts";

/** One line of the table: what `on` may make of each state of `from`. */
export interface ExecutionTransition {
  readonly on: ExecutionEvent["kind"];
  readonly from: readonly ExecutionState[];
  readonly to: ExecutionState;
  readonly when: string;
}

/** In the order in which a device goes through them; every later one is ahead. */
export const forwardStates = [
  "offered",
  "accepted",
  "downloading",
  "downloaded",
  "warming",
  "shadowing",
  "waiting",
  "activated",
] as const satisfies readonly ExecutionState[];

const [, ...afterOffer] = forwardStates;
const heardOf = [...forwardStates, "straggler"] as const;
const notActivated = ["queued", ...forwardStates.filter((state) => state !== "activated")] as const;
const undecided = ["queued", ...forwardStates] as const;
const ended = ["failed", "rejected", "timed-out"] as const;

const forward = afterOffer.map(
  (to, at): ExecutionTransition => ({
    on: "report",
    from: [...forwardStates.slice(0, at + 1), "straggler"],
    to,
    when: "the device reports this step, or holds the order",
  }),
);

/** All that can happen to an execution. `advanceExecution` makes no other transition. */
export const executionTransitions: readonly ExecutionTransition[] = [
  { on: "skip", from: ["queued"], to: "skipped", when: "it needs no order, or can take none" },
  { on: "offer", from: ["queued"], to: "offered", when: "its order is stored" },
  ...forward,
  {
    on: "report",
    from: [...heardOf, "queued"],
    to: "succeeded",
    when: "the device serves the release",
  },
  {
    on: "report",
    from: heardOf,
    to: "queued",
    when: "refused with a retryable code and attempts are left, or the infrastructure was at fault",
  },
  { on: "report", from: heardOf, to: "failed", when: "refused with a retryable code, none left" },
  { on: "report", from: heardOf, to: "rejected", when: "refused with any other code" },
  {
    on: "report",
    from: [...heardOf, "succeeded"],
    to: "rolled-back",
    when: "the device went back, or serves other bytes than it said",
  },
  { on: "report", from: ["reverting"], to: "rolled-back", when: "the release serves no more" },
  {
    on: "tick",
    from: forwardStates,
    to: "queued",
    when: "a timer has run out and attempts are left",
  },
  { on: "tick", from: forwardStates, to: "timed-out", when: "a timer has run out, none left" },
  { on: "tick", from: ["straggler"], to: "queued", when: "the device is online again" },
  {
    on: "deadline",
    from: undecided,
    to: "straggler",
    when: "offline at the deadline, and the plan defers stragglers",
  },
  { on: "deadline", from: undecided, to: "timed-out", when: "undecided at the deadline" },
  {
    on: "cancel",
    from: [...notActivated, "straggler"],
    to: "canceled",
    when: "called off before it began to serve",
  },
  {
    on: "remove",
    from: [...undecided, "straggler", "reverting"],
    to: "removed",
    when: "the device has left the fleet or the selection, and nothing is decided",
  },
  {
    on: "revert",
    from: [...undecided, "straggler", "succeeded", ...ended, "rolled-back"],
    to: "reverting",
    when: "an order was given, and its order to go back is stored",
  },
  { on: "revert", from: ["queued", "straggler"], to: "canceled", when: "no order was ever given" },
  {
    on: "retry",
    from: [...ended, "rolled-back"],
    to: "queued",
    when: "an operator asks for it; of the rejected ones only those a person denied",
  },
];

const known = new Set(
  executionTransitions.flatMap(({ on, from, to }) => from.map((state) => `${on}:${state}:${to}`)),
);

/** Whether the table holds this transition. */
export function isExecutionTransition(
  on: ExecutionEvent["kind"],
  from: ExecutionState,
  to: ExecutionState,
): boolean {
  return known.has(`${on}:${from}:${to}`);
}
