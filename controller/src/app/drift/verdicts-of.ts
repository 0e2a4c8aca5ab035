import type { DriftCulprit } from "@modelfleet/protocol";
import { evaluateCell } from "../../domain/drift/evaluate-cell.ts";
import { evaluationDefaults } from "../../domain/drift/evaluation-policy.ts";
import type { Verdict } from "../../domain/drift/verdict.ts";
import type { CellRollup, DirtyCell, DriftStore } from "../../ports/drift-store.ts";
import type { ProfiledRelease } from "../release/release-profiles.ts";
import { lookBack } from "./look-back.ts";

export interface FoldedCell {
  readonly cell: DirtyCell;
  readonly release: ProfiledRelease;
  readonly rollups: readonly CellRollup[];
}

/** Every verdict of a cell that was added up; nothing is judged without a reference. */
export async function verdictsOf(
  { drift }: { readonly drift: DriftStore },
  { cell, release, rollups }: FoldedCell,
): Promise<{ readonly verdicts: readonly Verdict[]; readonly culprits: readonly DriftCulprit[] }> {
  const profile = release.profile?.reference;
  if (profile === undefined) return { verdicts: [], culprits: [] };
  const verdicts = evaluateCell({
    profile,
    cohorts: await lookBack(drift, cell, rollups),
    cellStartMs: cell.startMs,
    policy: { ...evaluationDefaults, cellMs: cell.lengthMs },
  });
  return { verdicts, culprits: [] };
}
