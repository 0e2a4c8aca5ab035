import { driftLimits } from "@modelfleet/protocol";
import type { Verdict } from "../verdict.ts";
import type { AlertState, Mark, Severity } from "./alert-state.ts";

const { persistenceExcesses, persistenceWindows, recoveryWindows, recoveryShare } = driftLimits;

/** What a verdict adds to the marks; null: it rests on cells that were counted before, and says nothing of its own. */
export function markOf(state: AlertState, verdict: Verdict): Mark | null {
  const said = saidBy(verdict);
  const isExcess = said === "warn" || said === "breach";
  const isNew = verdict.fromMs >= state.countedUntilMs || (verdict.isConclusive && isExcess);
  return isNew ? { said, fromMs: verdict.fromMs } : null;
}

/** The marks with one more, as many as are ever looked at. */
export function withMark(marks: readonly Mark[], mark: Mark | null): readonly Mark[] {
  if (mark === null) return marks;
  return [...marks, mark].slice(-Math.max(persistenceWindows, recoveryWindows));
}

/** How grave an alert the marks are worth; null: none. */
export function severityOf(marks: readonly Mark[], verdict: Verdict): Severity | null {
  if (verdict.isConclusive && verdict.status === "BREACH") return "critical";
  const excesses = marks.slice(-persistenceWindows).filter(isExcess);
  const breaches = excesses.filter(({ said }) => said === "breach");
  if (breaches.length >= persistenceExcesses) return "critical";
  if (excesses.length >= persistenceExcesses) return "warning";
  return verdict.isConclusive && verdict.status === "WARN" ? "warning" : null;
}

export function isExcess({ said }: Mark): boolean {
  return said === "warn" || said === "breach";
}

/** Whether there were as many calm marks in a row as end an alert. */
export function hasRecovered(marks: readonly Mark[]): boolean {
  const last = marks.slice(-recoveryWindows);
  return last.length === recoveryWindows && last.every(({ said }) => said === "calm");
}

function saidBy({ status, level }: Verdict): Mark["said"] {
  if (status === "BREACH") return "breach";
  if (status === "WARN") return "warn";
  return level < recoveryShare ? "calm" : "near";
}
