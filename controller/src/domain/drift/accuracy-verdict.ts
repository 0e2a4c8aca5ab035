import { BernoulliCusum, driftLimits, type OutputProfile } from "@modelfleet/protocol";
import type { CohortKey } from "./cohort-key.ts";
import type { JudgedCell } from "./distribution/forward-merge.ts";
import type { RateVerdict } from "./verdict.ts";

/** Labels that came for the answers of one cell. */
export interface LabelledCell {
  readonly startMs: number;
  readonly labelled: number;
  readonly errors: number;
}

/** Labels of one output in one cohort. */
export interface AccuracyCell {
  readonly cohort: CohortKey;
  readonly cell: JudgedCell;
  /** Oldest first, in the order of the answers and not of the labels: late ones change what follows, too. */
  readonly labels: readonly LabelledCell[];
}

/** A reference without any error would take the first one for the end of the world. */
const ERROR_SHARE_MIN = 0.005;
const ERROR_SHARE_MAX = 1 - 2 * driftLimits.errorRise;
/**
 * Whether an output is wrong more often than its reference by `driftLimits.errorRise`: a CUSUM over the labels, which
 * stays at its threshold while that lasts, and falls as soon as it does not.
 *
 * @returns undefined when the reference has no labels, so that nobody knows what is usual
 */
export function accuracyVerdict(
  output: OutputProfile,
  { cohort, cell, labels }: AccuracyCell,
): RateVerdict | undefined {
  if (output.errorShare === undefined) return undefined;
  const p0 = Math.min(Math.max(output.errorShare, ERROR_SHARE_MIN), ERROR_SHARE_MAX);
  const p1 = p0 + driftLimits.errorRise;
  const run = labels.reduce<Run>((before, next) => afterLabels(before, next, p0), emptyRun);
  const newest = labels.at(-1);
  const isNew = newest?.startMs === cell.startMs && newest.labelled > 0;
  const status = run.score >= driftLimits.cusumThresholdNats ? "BREACH" : "OK";
  return {
    kind: "rate",
    signal: `accuracy:${output.name}`,
    ...{ cohort, cellStartMs: cell.startMs, fromMs: cell.startMs },
    untilMs: cell.startMs + cell.cellMs,
    items: run.labelled,
    status: isNew ? status : "INSUFFICIENT_DATA",
    isConclusive: true,
    value: run.labelled === 0 ? 0 : run.errors / run.labelled,
    limit: p1,
    level: run.score / driftLimits.cusumThresholdNats,
  };
}

/** Since the score was last 0. */
interface Run {
  readonly score: number;
  readonly labelled: number;
  readonly errors: number;
}

const emptyRun: Run = { score: 0, labelled: 0, errors: 0 };

function afterLabels(run: Run, { labelled, errors }: LabelledCell, p0: number): Run {
  const threshold = driftLimits.cusumThresholdNats;
  const p1 = p0 + driftLimits.errorRise;
  const cusum = new BernoulliCusum({ p0, p1, threshold, score: run.score });
  // It begins anew when it fires; an alert lasts as long as what it is about.
  const score = cusum.updateWindow(labelled, errors) ? threshold : cusum.score;
  const before = run.score === 0 ? emptyRun : run;
  return { score, labelled: before.labelled + labelled, errors: before.errors + errors };
}
