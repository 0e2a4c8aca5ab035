import type { Verdict } from "../../domain/drift/verdict.ts";
import type { ExportedCell } from "../../domain/export/exported-cell.ts";
import { roundedSum } from "../../domain/telemetry/exact-sum.ts";
import type { CellRollup } from "../../ports/drift-store.ts";
import type { ReleaseRecord } from "../../ports/release-store.ts";
import { isHidden } from "./is-hidden.ts";

/** Roll-ups of a cell as other systems get them: no distribution, no device, and none that is shown nobody here. */
export function exportedCells(
  { document, release }: ReleaseRecord,
  rollups: readonly CellRollup[],
): readonly ExportedCell[] {
  const { model, version } = document;
  const shown = rollups.filter((rollup) => !isHidden(document, rollup));
  return shown.map(({ cohort, startMs, lengthMs, devices, merged, verdicts }) => ({
    ...{ model, version, release, cohort, devices },
    fromMs: startMs,
    untilMs: startMs + lengthMs,
    requests: merged.requests,
    errors: merged.errors,
    latency: merged.latency,
    latencySumUs: roundedSum(merged.latencySumUs),
    psi: verdicts.flatMap(psiOf),
  }));
}

/** Nothing is said of too little. */
function psiOf(verdict: Verdict): ExportedCell["psi"] {
  if (verdict.kind !== "distribution" || verdict.status === "INSUFFICIENT_DATA") return [];
  return [{ signal: verdict.signal, psi: verdict.psi }];
}
