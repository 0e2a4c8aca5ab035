import { benjaminiHochberg, driftLimits } from "@modelfleet/protocol";
import type { CellToEvaluate } from "../cell-to-evaluate.ts";
import type { CohortKey } from "../cohort-key.ts";
import type { EvaluationPolicy } from "../evaluation-policy.ts";
import type { Signal } from "../signal.ts";
import { signalsOf } from "../signals-of.ts";
import type { DistributionVerdict, VerdictStatus } from "../verdict.ts";
import { type Draft, draftVerdict } from "./draft-verdict.ts";
import { type CohortHistory, historyOf, mergeBack } from "./forward-merge.ts";

/**
 * What the cell says about the distribution of each signal of each cohort. There is drift where it is large (PSI at least the default and the
 * calibrated threshold), more than noise (the gate), and a discovery among all tests of the cell.
 *
 * Without a reference by the hour, the last 24 hours are judged beside the cell: what is large in either counts.
 * The same cells give the same verdicts, whenever and however often they are asked.
 *
 * @returns one a cohort and signal, in their order
 */
export function distributionVerdicts(cell: CellToEvaluate): readonly DistributionVerdict[] {
  const signals = signalsOf(cell.profile);
  const judged = { startMs: cell.cellStartMs, cellMs: cell.policy.cellMs };
  const pairs = [...cell.cohorts].flatMap(([cohort, cells]) => {
    const history = historyOf(cells, judged);
    return signals.map((signal) => draftsOf({ cohort, history, signal }, cell.policy));
  });
  const tested = pairs.flat().filter((draft) => draft.hasEnough);
  const discoveries = discoveriesAmong(tested);
  return pairs.map(([window, day]) => {
    const verdict = decided(window, discoveries);
    return day === undefined ? verdict : worseOf(verdict, decided(day, discoveries));
  });
}

/** Of the window, and of the day where it counts. */
type Drafts = readonly [Draft] | readonly [Draft, Draft];

interface CohortSignal {
  readonly cohort: CohortKey;
  readonly history: CohortHistory;
  readonly signal: Signal;
}

function draftsOf({ cohort, history, signal }: CohortSignal, policy: EvaluationPolicy): Drafts {
  const { cell, hasDay } = history;
  const merged = mergeBack(signal, history, signal.samplesMin);
  const window = draftVerdict({ cohort, signal, cell, merged, basis: "window" }, policy);
  if (!hasDay || window.slot !== null || window.threshold.source === "ERT") return [window];
  const day = mergeBack(signal, history, Number.POSITIVE_INFINITY);
  return [window, draftVerdict({ cohort, signal, cell, merged: day, basis: "day" }, policy)];
}

function discoveriesAmong(drafts: readonly Draft[]): ReadonlySet<Draft> {
  const stands = benjaminiHochberg(
    drafts.map(({ pValue }) => pValue),
    driftLimits.falseDiscoveryShare,
  );
  return new Set(drafts.filter((_, i) => stands[i] === true));
}

function decided(draft: Draft, discoveries: ReadonlySet<Draft>): DistributionVerdict {
  const { hasEnough, ...verdict } = draft;
  const isDiscovery = discoveries.has(draft);
  return { ...verdict, isDiscovery, status: statusOf(draft, isDiscovery) };
}

function statusOf(draft: Draft, isDiscovery: boolean): VerdictStatus {
  const { hasEnough, psi, gate, threshold } = draft;
  if (!hasEnough) return "INSUFFICIENT_DATA";
  const isMoreThanNoise = threshold.source === "ERT" || (psi >= gate && isDiscovery);
  if (!isMoreThanNoise || psi < threshold.warn) return "OK";
  return psi < threshold.alert ? "WARN" : "BREACH";
}

const ranks = { INSUFFICIENT_DATA: 0, OK: 1, WARN: 2, BREACH: 3 } as const;

/** The day stands for both where it is the worse; else the window does, as far from its threshold as the nearer of both. */
function worseOf(window: DistributionVerdict, day: DistributionVerdict): DistributionVerdict {
  if (ranks[day.status] > Math.max(ranks[window.status], ranks.OK)) return day;
  return { ...window, level: Math.max(window.level, day.level) };
}
