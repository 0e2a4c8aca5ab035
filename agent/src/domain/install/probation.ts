import type { ProbationPolicy } from "@modelfleet/protocol";
import { judgeLive, type LiveFacts, type LiveLimits } from "../rehearsal/judge-live.ts";
import type { Failure } from "./failure.ts";

/** How a release is watched after it became active and before it is confirmed (store.md 3.7). */
export interface ProbationRules extends LiveLimits {
  /** Confirmed after this long without a crash, also when nobody asks anything. */
  readonly confirmMs: number;
  /** More failed answers than this share end the trial. */
  readonly failedShareMax: number;
  /** With fewer answers than this, the share says nothing yet. */
  readonly judgedAnswersMin: number;
}

export interface ProbationFacts {
  /** Since the release became active. */
  readonly elapsedMs: number;
  readonly answered: number;
  readonly failed: number;
  /** Why its runner ended; null while it runs. */
  readonly crash: string | null;
  /** What it answers; null or absent where nobody measures. */
  readonly live?: LiveFacts | null;
}

export type Verdict =
  | { readonly kind: "open"; readonly waitMs: number }
  | { readonly kind: "passed" }
  | { readonly kind: "failed"; readonly failure: Failure };

/**
 * A device that answers ten times a second is judged after two seconds at the earliest. A better model may be three times
 * as slow, and may answer half of what it is asked differently; a release that knows this better signs its own limits.
 */
export const defaultProbation: ProbationRules = {
  confirmMs: 10_000,
  failedShareMax: 0.05,
  judgedAnswersMin: 20,
  p95RatioMax: 3,
  p95GrowthMsMin: 5,
  outputDistanceMax: 0.5,
};

/** The device's rules with what a release has signed for itself. A signed ratio is meant as it stands, so nothing is added. */
export function probationOf(device: ProbationRules, policy: ProbationPolicy = {}): ProbationRules {
  const { confirmMs, judgedAnswersMin, failedShareMax, p95RatioMax, outputDistanceMax } = policy;
  return {
    confirmMs: confirmMs ?? device.confirmMs,
    judgedAnswersMin: judgedAnswersMin ?? device.judgedAnswersMin,
    failedShareMax: failedShareMax ?? device.failedShareMax,
    p95RatioMax: p95RatioMax ?? device.p95RatioMax,
    p95GrowthMsMin: p95RatioMax === undefined ? device.p95GrowthMsMin : 0,
    outputDistanceMax: outputDistanceMax ?? device.outputDistanceMax,
  };
}

/** Whether a release on trial has proven itself. One crash is enough to fail. */
export function judgeProbation(rules: ProbationRules, facts: ProbationFacts): Verdict {
  if (facts.crash !== null) return failed("RUNNER_CRASH", `its runner ended: ${facts.crash}`);
  const asked = facts.answered + facts.failed;
  const overdue = facts.elapsedMs >= rules.confirmMs;
  if (tooManyFailed(rules, facts, overdue)) {
    const limit = `expected at most ${rules.failedShareMax * 100} % failed answers`;
    return failed("ROLLED_BACK", `${limit}, got ${facts.failed} of ${asked}`);
  }
  const failure = facts.live ? judgeLive(rules, facts.live) : null;
  if (failure !== null) return { kind: "failed", failure };
  if (overdue) return { kind: "passed" };
  return { kind: "open", waitMs: Math.max(1, Math.ceil(rules.confirmMs - facts.elapsedMs)) };
}

function tooManyFailed(rules: ProbationRules, facts: ProbationFacts, overdue: boolean): boolean {
  const asked = facts.answered + facts.failed;
  if (asked === 0 || (asked < rules.judgedAnswersMin && !overdue)) return false;
  return facts.failed / asked > rules.failedShareMax;
}

function failed(code: Failure["code"], detail: string): Verdict {
  return { kind: "failed", failure: { code, detail } };
}
