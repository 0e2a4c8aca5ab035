import { chiSquare, psi } from "@modelfleet/protocol";
import { chiSquareGate } from "../chi-square-gate.ts";
import type { CohortKey } from "../cohort-key.ts";
import type { EvaluationPolicy } from "../evaluation-policy.ts";
import type { Signal } from "../signal.ts";
import type { DistributionVerdict } from "../verdict.ts";
import type { JudgedCell, MergedCounts } from "./forward-merge.ts";
import { referenceFor } from "./reference-for.ts";
import { thresholdFor } from "./threshold-for.ts";

/** A verdict whose test has not been held against the others of its cell yet. */
export interface Draft extends Omit<DistributionVerdict, "isDiscovery" | "status"> {
  readonly hasEnough: boolean;
}

/** Counts that are to be judged. */
export interface JudgedCounts {
  readonly cohort: CohortKey;
  readonly signal: Signal;
  readonly cell: JudgedCell;
  readonly merged: MergedCounts;
  readonly basis: DistributionVerdict["basis"];
}

/** Distance, noise and threshold of one signal; what they come to depends on the cell's other tests. */
export function draftVerdict(judged: JudgedCounts, policy: EvaluationPolicy): Draft {
  const { cohort, signal, cell, merged, basis } = judged;
  const { counts: reference, slot } = referenceFor(signal, merged, cell);
  const { items, fromMs, untilMs, counts: current } = merged;
  const threshold = thresholdFor(signal, { items, basis }, policy);
  return {
    kind: "distribution",
    ...{ cohort, signal: signal.id, cellStartMs: cell.startMs, fromMs, untilMs, items },
    ...{ threshold, basis, slot, reference, current },
    isConclusive: basis === "day" || threshold.source === "ERT",
    ...measured({ reference, current, items, threshold: threshold.warn }, signal.samplesMin),
  };
}

interface Compared {
  readonly reference: readonly number[];
  readonly current: readonly number[];
  readonly items: number;
  readonly threshold: number;
}

type Measures = Pick<Draft, "psi" | "gate" | "pValue" | "level" | "hasEnough">;

function measured(compared: Compared, samplesMin: number): Measures {
  const { reference, current, items, threshold } = compared;
  const referenceItems = reference.reduce((sum, count) => sum + count, 0);
  if (items < samplesMin || referenceItems <= 0) {
    return { psi: 0, gate: 0, pValue: 1, level: 0, hasEnough: false };
  }
  const index = psi(reference, current);
  const { pValue, degreesOfFreedom } = chiSquare(reference, current);
  const noise = 1 / items + 1 / referenceItems;
  const gate = degreesOfFreedom === 0 ? 0 : chiSquareGate(degreesOfFreedom) * noise;
  return { psi: index, gate, pValue, level: index / threshold, hasEnough: true };
}
