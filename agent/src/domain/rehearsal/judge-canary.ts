import type { CanaryPolicy } from "@modelfleet/protocol";
import type { Verdict } from "../install/probation.ts";
import { shortNumber } from "../short-number.ts";
import { judgeLive, type LiveFacts, type LiveLimits } from "./judge-live.ts";

export interface CanaryFacts extends LiveFacts {
  readonly elapsedMs: number;
  /** Why its runner ended; null while it runs. */
  readonly crash: string | null;
}

export interface CanaryLimits extends LiveLimits {
  readonly failedShareMax: number;
  /** With fewer answers than this, a share above 0 says nothing yet. */
  readonly judgedAnswersMin: number;
}

/**
 * Whether a canary has shown itself fit to answer alone. In order:
 *
 * 1. It died: failed at once.
 * 2. More of its answers failed than the limit. Where that is 0, as on a device by itself, the first one is too many, for
 *    these are live requests.
 * 3. Its answers are held to what a release on probation is held to, compared with what the stable one answered meanwhile.
 * 4. Passed with `answers` answers, or after `maxMs` with what there is by then.
 */
export function judgeCanary(
  policy: CanaryPolicy,
  limits: CanaryLimits,
  facts: CanaryFacts,
): Verdict {
  if (facts.crash !== null) return failed(`its runner ended: ${facts.crash}`);
  const failures = facts.trial.failed();
  const asked = facts.trial.answered() + failures;
  const isOver = asked >= policy.answers || facts.elapsedMs >= policy.maxMs;
  const saysMuch = isOver || limits.failedShareMax === 0 || asked >= limits.judgedAnswersMin;
  if (saysMuch && failures > limits.failedShareMax * asked) {
    const limit = `at most ${shortNumber(limits.failedShareMax * 100)} % failed answers`;
    return failed(`expected ${limit}, got ${failures} of ${asked}`);
  }
  const failure = judgeLive(limits, facts);
  if (failure !== null) return failed(failure.detail);
  if (isOver) return { kind: "passed" };
  return { kind: "open", waitMs: Math.ceil(policy.maxMs - facts.elapsedMs) };
}

/** What it answered, for people; figures only. */
export function canarySummary({ trial, before }: CanaryFacts): string {
  const asked = trial.answered() + trial.failed();
  if (asked === 0) return "canary: no traffic";
  const beside = before === null ? "" : `, beside ${before.answered()} of the stable one`;
  return `canary: ${trial.answered()} of ${asked} answered, ${trial.nonFinite()} not finite${beside}`;
}

function failed(detail: string): Verdict {
  return { kind: "failed", failure: { code: "REHEARSAL_FAILED", detail: `canary: ${detail}` } };
}
