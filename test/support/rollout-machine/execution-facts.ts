/** One device of a rollout of `ours`, what it reports, and what happens to it; time is in milliseconds from 0. */
import { ReportItem, type ReportStep, RolloutPlan, Sha256, SlotReport } from "@modelfleet/protocol";
import type {
  Execution,
  ExecutionEvent,
  ExecutionPolicy,
  ExecutionReport,
} from "../../../controller/src/domain/rollout/execution.ts";
import { advanceExecution } from "../../../controller/src/domain/rollout/machine/advance-execution.ts";
import { freshExecution } from "../../../controller/src/domain/rollout/machine/fresh-execution.ts";

export const ours = Sha256.parse("a".repeat(64));
export const theirs = Sha256.parse("b".repeat(64));
export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;

const { timeouts, retries } = RolloutPlan.parse({
  timeouts: { offerMs: 10 * MINUTE_MS, stepMs: 5 * MINUTE_MS, executionMs: HOUR_MS },
  retries: { attemptsMax: 3, backoffMs: MINUTE_MS, backoffMsMax: 10 * MINUTE_MS },
});
export const policy: ExecutionPolicy = { release: ours, timeouts, retries };

const named = (release: Sha256) => ({ release, model: "digits", version: "1.0.0" });

/** A step of `ours`, unless another release is named. */
export function item(
  step: ReportStep,
  more: { readonly code?: string; readonly detail?: string; readonly release?: Sha256 } = {},
): ReportItem {
  return ReportItem.parse({ ...named(ours), slot: "main", step, ...more });
}

interface SlotFacts {
  readonly active?: Sha256 | null;
  readonly trial?: Sha256 | null;
  readonly refused?: { readonly code: string; readonly detail: string };
}

/** The slot `main`; it runs `theirs` unless told otherwise. */
export function slot({ active = theirs, trial = null, refused }: SlotFacts = {}): SlotReport {
  return SlotReport.parse({
    slot: "main",
    active: active === null ? null : named(active),
    previous: null,
    trial: trial === null ? null : named(trial),
    refused: refused === undefined ? [] : [{ release: ours, ...refused }],
  });
}

/** A report of a device that holds document `reportedSeq`; without steps it is a hello. */
export function report(
  reportedSeq: number,
  items: readonly ReportItem[] = [],
  slotReport: SlotReport | undefined = slot(),
): ExecutionReport {
  return { kind: "report", reportedSeq, items, slot: slotReport };
}

/** One thing after the other, each at its time, as it comes out at the end. */
export function lived(...events: readonly (readonly [number, ExecutionEvent])[]): Execution {
  return events.reduce((execution, [nowMs, event]) => at(execution, nowMs, event).next, fresh);
}

export const fresh = freshExecution(0);

export function at(execution: Execution, nowMs: number, event: ExecutionEvent, chance = 0) {
  return advanceExecution(execution, event, { policy, nowMs, chance });
}

/** A device with order 7, given at 0. */
export const offered = lived([0, { kind: "offer", seq: 7 }]);
export const succeeded = lived(
  [0, { kind: "offer", seq: 7 }],
  [1, report(7, [item("activated"), item("confirmed")], slot({ active: ours }))],
);
export const refusedFor = (code: string, detail?: string) =>
  report(7, [item("refused", { code, ...(detail === undefined ? {} : { detail }) })]);
