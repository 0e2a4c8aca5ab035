import type { ReportItem, ReportStep, Sha256 } from "@modelfleet/protocol";
import type { Execution, ExecutionChange, ExecutionReason, ExecutionReport } from "../execution.ts";
import { enter, unchanged, type Wish } from "./enter-state.ts";
import type { ExecutionContext } from "./execution-context.ts";
import { isTerminal } from "./execution-states.ts";
import type { forwardStates } from "./execution-table.ts";
import { backoffMs, firstDueAtMs, isPastExecution, tryAgain } from "./execution-timers.ts";
import { isInfrastructure, isRetryable } from "./retryable-codes.ts";

type Forward = (typeof forwardStates)[number];

interface Refusal {
  readonly code: ExecutionReason;
  readonly detail: string | null;
}

/** Where a step of the device leads; those that are missing end the attempt. */
const stateOfStep: Readonly<Partial<Record<ReportStep | "waiting", Forward>>> = {
  accepted: "accepted",
  downloading: "downloading",
  downloaded: "downloaded",
  loading: "warming",
  golden: "warming",
  shadowed: "shadowing",
  canaried: "shadowing",
  deferred: "waiting",
  waiting: "waiting",
  activated: "activated",
  confirmed: "activated",
};

/** Rules 2 to 5, 8 and 10 of `advanceExecution`. */
export function hearReport(
  execution: Execution,
  report: ExecutionReport,
  context: ExecutionContext,
): ExecutionChange {
  const { state, seq } = execution;
  if (seq === null || report.reportedSeq < seq) return hearUnheld(execution, report, context);
  const serves = isServing(report, context.policy.release);
  if (state === "reverting") return serves ? unchanged(execution) : wentBack(execution, context);
  if (state === "succeeded")
    return serves ? unchanged(execution) : fellBack(execution, report, context);
  if (isTerminal(state)) return unchanged(execution);
  if (state === "queued") return serves ? succeeded(execution, context) : unchanged(execution);
  return followSteps(execution, report, context);
}

/** Rules 2 and 8: the device does not hold the order. */
function hearUnheld(
  execution: Execution,
  { items }: ExecutionReport,
  context: ExecutionContext,
): ExecutionChange {
  if (execution.state === "straggler") {
    return enter(execution, { on: "report", to: "queued" }, context.nowMs);
  }
  const refused = items.findLast(
    ({ release, step }) => isOurs(release, context) && step === "refused",
  );
  if (execution.state !== "offered" || refused === undefined) return unchanged(execution);
  const refusal = refusalOf(refused);
  const isOfThis = execution.attempts <= 1 || !isRetryable(refusal.code);
  return isOfThis ? refuse(execution, refusal, context) : unchanged(execution);
}

/** Rules 3 and 4. */
function followSteps(
  execution: Execution,
  report: ExecutionReport,
  context: ExecutionContext,
): ExecutionChange {
  const items = report.items.filter(({ release }) => isOurs(release, context));
  const last = items.at(-1);
  const steps = items.reduce(
    (change, item) => joined(change, followStep(change.next, item, context)),
    unchanged(execution),
  );
  const heard = joined(steps, judgeSlot(steps.next, { report, last }, context));
  return isNews(execution, heard) ? heard : unchanged(execution);
}

/** Reasons that were told one after the other may come to the one that is known. */
function isNews({ code, detail }: Execution, { next, steps }: ExecutionChange): boolean {
  return steps.length > 0 || next.code !== code || next.detail !== detail;
}

function followStep(
  execution: Execution,
  item: ReportItem,
  context: ExecutionContext,
): ExecutionChange {
  if (item.step === "refused") return refuse(execution, refusalOf(item), context);
  if (item.step === "rolled-back") {
    return enter(execution, { ...wishOf("rolled-back"), ...refusalOf(item) }, context.nowMs);
  }
  const to = stateOfStep[item.step];
  return to === undefined ? unchanged(execution) : goForward(execution, { to, item }, context);
}

/** What the slot says after all the steps: the only proof of success. */
function judgeSlot(
  execution: Execution,
  { report, last }: { readonly report: ExecutionReport; readonly last: ReportItem | undefined },
  context: ExecutionContext,
): ExecutionChange {
  const { state } = execution;
  if (isTerminal(state)) return unchanged(execution);
  if (isServing(report, context.policy.release)) return succeeded(execution, context);
  if (state === "queued") return unchanged(execution);
  if (last?.step === "confirmed") return diverged(execution, context);
  const refusal = refusalInSlot(report, context.policy.release);
  if (refusal?.code === "ROLLED_BACK") {
    return enter(execution, { ...wishOf("rolled-back"), ...refusal }, context.nowMs);
  }
  if (refusal !== undefined) return refuse(execution, refusal, context);
  return state === "offered" || state === "straggler"
    ? goForward(execution, { to: "accepted" }, context)
    : unchanged(execution);
}

/** Rule 3. A new reason to wait is told, and no transition. */
function goForward(
  execution: Execution,
  { to, item }: { readonly to: Forward; readonly item?: ReportItem },
  context: ExecutionContext,
): ExecutionChange {
  const told = item !== undefined && to === "waiting" ? waitOf(item) : {};
  if (execution.state === to) return unchanged(retold(execution, told));
  const dueAtMs = firstDueAtMs(execution, to, context);
  return enter(execution, { on: "report", to, dueAtMs, ...told }, context.nowMs);
}

function retold(execution: Execution, told: Partial<Refusal>): Execution {
  const { code = execution.code, detail = execution.detail } = told;
  return { ...execution, code, detail };
}

/** Rule 5. */
function refuse(
  execution: Execution,
  { code, detail }: Refusal,
  context: ExecutionContext,
): ExecutionChange {
  const { nowMs } = context;
  if (isInfrastructure(code, detail) && !isPastExecution(execution, context)) {
    const dueAtMs = nowMs + backoffMs(execution.attempts, context);
    const wish: Wish = { on: "report", to: "queued", code: "INFRASTRUCTURE", detail, dueAtMs };
    return enter(execution, wish, nowMs);
  }
  if (!isRetryable(code))
    return enter(execution, { on: "report", to: "rejected", code, detail }, nowMs);
  return tryAgain(execution, { on: "report", end: "failed", code, detail }, context);
}

function succeeded(execution: Execution, { nowMs }: ExecutionContext): ExecutionChange {
  return enter(execution, wishOf("succeeded"), nowMs);
}

function wentBack(execution: Execution, { nowMs }: ExecutionContext): ExecutionChange {
  return enter(execution, { ...wishOf("rolled-back"), code: "REVERTED" }, nowMs);
}

function diverged(execution: Execution, { nowMs }: ExecutionContext): ExecutionChange {
  const detail = "it said confirmed, and serves other bytes";
  return enter(execution, { ...wishOf("rolled-back"), code: "DIVERGED", detail }, nowMs);
}

/** Rule 4: it was confirmed once. */
function fellBack(
  execution: Execution,
  { items }: ExecutionReport,
  context: ExecutionContext,
): ExecutionChange {
  const told = items.findLast(
    (item) => isOurs(item.release, context) && item.step === "rolled-back",
  );
  const why: Refusal =
    told === undefined
      ? { code: "DIVERGED", detail: "it was confirmed, and serves other bytes now" }
      : refusalOf(told);
  return enter(execution, { ...wishOf("rolled-back"), ...why }, context.nowMs);
}

function wishOf(to: Wish["to"]): Wish {
  return { on: "report", to };
}

function joined(first: ExecutionChange, second: ExecutionChange): ExecutionChange {
  return { next: second.next, steps: [...first.steps, ...second.steps] };
}

function isOurs(release: Sha256, { policy }: ExecutionContext): boolean {
  return release === policy.release;
}

function isServing({ slot }: ExecutionReport, release: Sha256): boolean {
  return slot?.active?.release === release && slot.trial?.release !== release;
}

function refusalInSlot({ slot }: ExecutionReport, release: Sha256): Refusal | undefined {
  if (slot?.trial?.release === release) return undefined;
  return slot?.refused.find((entry) => entry.release === release);
}

/** A refusal names its code; one that does not is no proof that another try would end otherwise. */
function refusalOf({ code, detail, step }: ReportItem): Refusal {
  const unnamed = step === "rolled-back" ? "ROLLED_BACK" : "FORMAT";
  return { code: code ?? unnamed, detail: detail ?? null };
}

function waitOf({ step, detail }: ReportItem): Refusal {
  if (step === "deferred") return { code: "CONSENT", detail: detail ?? null };
  return { code: detail === "lock" ? "LOCK" : "WINDOW", detail: detail ?? null };
}
