/** Every state an execution can be in, and every kind of thing that can happen to it. */
import { ExecutionState, ReportStep } from "@modelfleet/protocol";
import type {
  Execution,
  ExecutionEvent,
} from "../../../controller/src/domain/rollout/execution.ts";
import { fresh, item, offered, ours, report, slot } from "./execution-facts.ts";

/** One of each state with an order, and those that differ without one or by their reason. */
export function everyState(): readonly Execution[] {
  const ordered = ExecutionState.options.map((state): Execution => ({ ...offered, state }));
  return [
    ...ordered,
    fresh,
    { ...fresh, state: "straggler" },
    { ...offered, state: "rejected", code: "CONSENT_DENIED" },
    { ...offered, state: "rolled-back", code: "REVERTED" },
  ];
}

/** Of each kind all that the machine tells apart. */
export function everyEvent({ seq }: Execution): readonly ExecutionEvent[] {
  const own = seq ?? 0;
  return [
    { kind: "skip", code: "PINNED", detail: null },
    { kind: "offer", seq: own + 1 },
    { kind: "offer", seq: own },
    { kind: "tick", isOnline: true },
    { kind: "tick", isOnline: false },
    { kind: "deadline", isOnline: true, stragglers: "defer" },
    { kind: "deadline", isOnline: false, stragglers: "defer" },
    { kind: "deadline", isOnline: false, stragglers: "fail" },
    { kind: "cancel", code: "SUPERSEDED", detail: null },
    { kind: "remove", code: "REVOKED_DEVICE" },
    { kind: "revert", seq: own + 1 },
    { kind: "revert", seq: null },
    { kind: "retry" },
    ...everyReport(own),
  ];
}

function everyReport(own: number): readonly ExecutionEvent[] {
  const refusals = ["GOLDEN_MISMATCH", "LOAD_TIMEOUT"].map((code) => item("refused", { code }));
  const told = [...ReportStep.options.map((step) => item(step)), ...refusals];
  return [own, own - 1].flatMap((reportedSeq) => [
    report(reportedSeq),
    report(reportedSeq, [], slot({ active: ours })),
    report(reportedSeq, [], slot({ refused: { code: "GOLDEN_MISMATCH", detail: "case 3" } })),
    ...told.map((one) => report(reportedSeq, [one])),
  ]);
}
