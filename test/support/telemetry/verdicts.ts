import type {
  DistributionVerdict,
  VerdictStatus,
} from "../../../controller/src/domain/drift/verdict.ts";
import { cellMs } from "./drift-cells.ts";

export const alertSubject = { release: "r", cohort: "site=1", signal: "feature:x" } as const;

/** A verdict of cell number `i` whose PSI is so much of the threshold 0.1. */
export function verdictOf(
  i: number,
  psi: number,
  more: Partial<DistributionVerdict> = {},
): DistributionVerdict {
  return {
    ...{ kind: "distribution", cohort: alertSubject.cohort, signal: alertSubject.signal },
    ...{ cellStartMs: i * cellMs, fromMs: i * cellMs, untilMs: (i + 1) * cellMs, items: 1_000 },
    ...{ psi, gate: 0.05, pValue: 0, isDiscovery: true, basis: "window", slot: null },
    threshold: { warn: 0.1, alert: 0.25, source: "default" },
    status: statusOf(psi),
    level: psi / 0.1,
    isConclusive: false,
    ...{ reference: [1], current: [1] },
    ...more,
  };
}

function statusOf(psi: number): VerdictStatus {
  if (psi < 0.1) return "OK";
  return psi < 0.25 ? "WARN" : "BREACH";
}
