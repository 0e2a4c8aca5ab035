import { driftPipelineLimits, type ReferenceProfile } from "@modelfleet/protocol";
import { accuracyVerdict } from "../../domain/drift/accuracy-verdict.ts";
import { type Culprit, rankCulprits } from "../../domain/drift/attribution/rank-culprits.ts";
import type { CohortKey } from "../../domain/drift/cohort-key.ts";
import { evaluateCell } from "../../domain/drift/evaluate-cell.ts";
import { evaluationDefaults } from "../../domain/drift/evaluation-policy.ts";
import type { Verdict } from "../../domain/drift/verdict.ts";
import type { CellRollup, DirtyCell } from "../../ports/drift-store.ts";
import type { ProfiledRelease } from "../release/release-profiles.ts";
import type { FoldPorts } from "./fold-cell.ts";
import { isHidden } from "./is-hidden.ts";
import { type LookedBackCell, lookBack } from "./look-back.ts";

export interface FoldedCell {
  readonly cell: DirtyCell;
  readonly release: ProfiledRelease;
  readonly rollups: readonly CellRollup[];
}

export interface CellVerdicts {
  readonly verdicts: readonly Verdict[];
  /** Strongest first. */
  readonly culprits: readonly Culprit[];
}

/** Every verdict of a cell that was added up. Nothing is judged without a reference, nor what may not be shown. */
export async function verdictsOf(
  ports: FoldPorts,
  { cell, release: { record, profile }, rollups }: FoldedCell,
): Promise<CellVerdicts> {
  if (profile === null || profile.reference.learning === true)
    return { verdicts: [], culprits: [] };
  const { reference } = profile;
  const shown = rollups.filter((rollup) => !isHidden(record.document, rollup));
  const cohorts = await lookBack(ports, cell, shown);
  const latencyMsMax = record.document.drift?.latencyMsMax;
  const latencyUsMax = latencyMsMax === undefined ? null : latencyMsMax * 1_000;
  const policy = { ...evaluationDefaults, cellMs: cell.lengthMs, latencyUsMax };
  const judged = { profile: reference, cohorts, cellStartMs: cell.startMs, policy };
  const verdicts = [
    ...evaluateCell(judged),
    ...[...cohorts].flatMap(([cohort, cells]) =>
      accuracyVerdicts(reference, { cohort, cell, cells }),
    ),
  ];
  return { verdicts, culprits: rankCulprits(verdicts, driftPipelineLimits.culpritsMax) };
}

interface LabelledCells {
  readonly cohort: CohortKey;
  readonly cell: DirtyCell;
  /** Newest first. */
  readonly cells: readonly LookedBackCell[];
}

/** Labels count in the order in which they came. */
function accuracyVerdicts(
  { outputs }: ReferenceProfile,
  { cohort, cell, cells }: LabelledCells,
): readonly Verdict[] {
  return outputs.flatMap((output, index) => {
    const labels = cells
      .toReversed()
      .flatMap(({ startMs, labels: all }) =>
        all
          .filter((counts) => counts.output === index)
          .map(({ labelled, errors }) => ({ startMs, labelled, errors })),
      );
    const judged = { startMs: cell.startMs, cellMs: cell.lengthMs };
    return accuracyVerdict(output, { cohort, cell: judged, labels }) ?? [];
  });
}
