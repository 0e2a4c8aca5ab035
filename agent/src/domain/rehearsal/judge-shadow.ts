import type { ShadowPolicy } from "@modelfleet/protocol";
import type { Verdict } from "../install/probation.ts";
import { shortNumber } from "../short-number.ts";
import type { ShadowFigures } from "./shadow-counts.ts";

export interface ShadowFacts {
  readonly figures: ShadowFigures;
  /** Copies that found the queue full. */
  readonly dropped: number;
  readonly elapsedMs: number;
  /** Why its runner ended; null while it runs. */
  readonly crash: string | null;
  /** Its golden file says that answers may be NaN or infinite. */
  readonly allowsNonFinite: boolean;
}

/** The p95 of fewer answers is the slowest of them, which one hiccup of the device decides. */
const ratioAnswersMin = 20;

/**
 * Whether a shadow has shown itself fit to answer. In order:
 *
 * 1. It died, or said NaN or infinity where the live answer is finite: failed at once.
 * 2. It failed at a request that the live release answered: failed at once, for it does what a live one would be rolled back for.
 * 3. Open, until `comparisons` answers were compared or `maxMs` have passed.
 * 4. Then its agreement, and its p95 once `ratioAnswersMin` were compared, decide; what the policy does not limit is told only.
 *    Without any live request it passes, and that is said.
 */
export function judgeShadow(policy: ShadowPolicy, facts: ShadowFacts): Verdict {
  const { figures, crash, elapsedMs } = facts;
  if (crash !== null) return failed(`its runner ended: ${crash}`);
  if (figures.nonFinite > 0 && !facts.allowsNonFinite) {
    return failed("expected finite answers where the live release gives them");
  }
  if (figures.failed > 0) {
    return failed(`it failed at a request that was answered live: ${figures.lastFailure}`);
  }
  const isOver = figures.compared >= policy.comparisons || elapsedMs >= policy.maxMs;
  if (!isOver) return { kind: "open", waitMs: Math.ceil(policy.maxMs - elapsedMs) };
  const reason = disagreement(policy, figures) ?? slowness(policy, figures);
  return reason === null ? { kind: "passed" } : failed(reason);
}

/** What was compared, for people; figures only. */
export function shadowSummary({ figures, dropped }: ShadowFacts): string {
  const { compared, agreed, maxDelta, nonFinite, failed: failures } = figures;
  const lost = `${dropped} dropped`;
  if (compared + failures === 0) return `shadow: no traffic compared, ${lost}`;
  const { live, shadow } = figures.p95Us();
  const times = `p95 ${milliseconds(shadow)} ms, live ${milliseconds(live)} ms`;
  const agreement = `${agreed} of ${compared} agree`;
  const delta = `largest difference ${shortNumber(maxDelta)}`;
  return `shadow: ${agreement}, ${delta}, ${nonFinite} not finite, ${failures} failed, ${times}, ${lost}`;
}

function disagreement({ agreementMin }: ShadowPolicy, figures: ShadowFigures): string | null {
  const { compared, agreed } = figures;
  if (agreementMin === undefined || compared === 0 || agreed / compared >= agreementMin)
    return null;
  return `expected at least ${shortNumber(agreementMin * 100)} % agreement, got ${agreed} of ${compared}`;
}

function slowness({ latencyRatioMax }: ShadowPolicy, figures: ShadowFigures): string | null {
  if (latencyRatioMax === undefined || figures.compared < ratioAnswersMin) return null;
  const { live, shadow } = figures.p95Us();
  if (shadow <= latencyRatioMax * live) return null;
  const got = `got ${milliseconds(shadow)} ms`;
  return `expected a p95 of at most ${latencyRatioMax} times ${milliseconds(live)} ms, ${got}`;
}

function milliseconds(us: number): string {
  return shortNumber(us / 1_000);
}

function failed(detail: string): Verdict {
  return { kind: "failed", failure: { code: "REHEARSAL_FAILED", detail: `shadow: ${detail}` } };
}
