import { driftLimits, latencyCount, latencyQuantileUs } from "@modelfleet/protocol";
import type { EvaluationPolicy } from "../evaluation-policy.ts";
import type { RateVerdict, VerdictStatus } from "../verdict.ts";
import type { QualityCell } from "./quality-verdicts.ts";
import { isSignificantlyAbove } from "./significant-share.ts";

const LATENCY_QUANTILE = 0.95;

/** Errors and latency of one cohort in one cell, where the policy bounds them. */
export function rateVerdicts(
  { errorShareMax, latencyUsMax }: EvaluationPolicy,
  cell: QualityCell,
): readonly RateVerdict[] {
  return [
    ...(errorShareMax === null ? [] : [errorVerdict(cell, errorShareMax)]),
    ...(latencyUsMax === null ? [] : [latencyVerdict(cell, latencyUsMax)]),
  ];
}

function errorVerdict(cell: QualityCell, limit: number): RateVerdict {
  const { requests, errors } = cell.merged;
  const failed = errors.reduce((sum, { count }) => sum + count, 0);
  const value = requests === 0 ? 0 : failed / requests;
  const isTooMuch = isSignificantlyAbove(value, limit, requests);
  return {
    ...judged(cell, { items: requests, isTooMuch }),
    signal: "errors",
    value,
    limit,
    level: value / limit,
  };
}

function latencyVerdict(cell: QualityCell, limit: number): RateVerdict {
  const items = latencyCount(cell.merged.latency);
  const value = latencyQuantileUs(cell.merged.latency, LATENCY_QUANTILE) ?? 0;
  const isTooMuch = value > limit;
  return {
    ...judged(cell, { items, isTooMuch }),
    signal: "latency",
    value,
    limit,
    level: value / limit,
  };
}

interface Finding {
  readonly items: number;
  readonly isTooMuch: boolean;
}

function judged({ cohort, cell }: QualityCell, { items, isTooMuch }: Finding) {
  const status: VerdictStatus = isTooMuch ? "BREACH" : "OK";
  return {
    kind: "rate" as const,
    ...{ cohort, cellStartMs: cell.startMs, fromMs: cell.startMs, items, isConclusive: false },
    untilMs: cell.startMs + cell.cellMs,
    status: items < driftLimits.requestsMin ? ("INSUFFICIENT_DATA" as const) : status,
  };
}
