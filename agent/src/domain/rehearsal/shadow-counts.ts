import { measureLimits } from "@modelfleet/protocol";
import { createRecentNumbers } from "../serving/recent-numbers.ts";
import type { OutputsCompared } from "./compare-outputs.ts";

/** One request that both have answered. */
export interface ComparedAnswer extends OutputsCompared {
  readonly liveUs: number;
  readonly shadowUs: number;
}

export interface ShadowFigures {
  /** Requests that both answered, and by some same output. */
  readonly compared: number;
  readonly agreed: number;
  readonly maxDelta: number;
  readonly nonFinite: number;
  /** Requests that the live release answered and the shadow failed at. */
  readonly failed: number;
  /** Why it failed last; empty when it did not. */
  readonly lastFailure: string;
  /** Of the latest answers, microseconds; 0 before the first. Sorts them. */
  readonly p95Us: () => { readonly live: number; readonly shadow: number };
}

/** Counts what a shadow has answered, in memory of fixed size. */
export interface ShadowCounts {
  readonly add: (answer: ComparedAnswer) => void;
  readonly addFailure: (reason: string) => void;
  readonly figures: () => ShadowFigures;
}

export function createShadowCounts(): ShadowCounts {
  const live = createRecentNumbers(measureLimits.latenciesKeptMax);
  const shadow = createRecentNumbers(measureLimits.latenciesKeptMax);
  const counts = { compared: 0, agreed: 0, maxDelta: 0, nonFinite: 0, failed: 0 };
  let lastFailure = "";

  return {
    add: ({ outputs, agrees, maxDelta, isNonFinite, liveUs, shadowUs }) => {
      if (outputs === 0) return;
      counts.compared += 1;
      if (agrees) counts.agreed += 1;
      if (isNonFinite) counts.nonFinite += 1;
      counts.maxDelta = Math.max(counts.maxDelta, maxDelta);
      live.push(liveUs);
      shadow.push(shadowUs);
    },
    addFailure: (reason) => {
      counts.failed += 1;
      lastFailure = reason;
    },
    figures: () => ({
      ...counts,
      lastFailure,
      p95Us: () => ({ live: p95Of(live.latest()), shadow: p95Of(shadow.latest()) }),
    }),
  };
}

const P95 = 0.95;

/** Nearest rank; 0 of nothing. */
function p95Of(values: Float64Array): number {
  return values.sort()[Math.ceil(values.length * P95) - 1] ?? 0;
}
