import type { Failure } from "../install/failure.ts";
import type { LiveMeasures } from "../serving/live-measures.ts";
import { shortNumber } from "../short-number.ts";
import { alarmShare, falseAlarmMax, tailMargin } from "./chance.ts";
import { outputDistance } from "./output-distance.ts";

/** What the live answers of a release on trial are held to. */
export interface LiveLimits {
  /** Its p95 over that of the release before. */
  readonly p95RatioMax: number;
  /** A p95 that grew by less is never too slow: below it, what other programs of the device do decides. */
  readonly p95GrowthMsMin: number;
  /** True distance of its outputs from those of the release before, 0 to 1. */
  readonly outputDistanceMax: number;
}

/** The live answers of a release on trial, and of the one that it is compared with. */
export interface LiveFacts {
  readonly trial: LiveMeasures;
  /** Null when there was none, or this agent has not seen it answer. */
  readonly before: LiveMeasures | null;
  /**
   * Answers of either since they are compared, at least 1 when there are any: each look that can see anything new has a
   * number of its own, and a share of its own of the false alarms that are allowed.
   */
  readonly looks: number;
  /** Its golden file says that answers may be NaN or infinite. */
  readonly allowsNonFinite: boolean;
}

/**
 * So that five answers lie above a p95. Of fewer, a single hiccup of the device is the p95.
 */
const tailAnswersMin = 100;

/**
 * What the live answers say against a release on trial; null while they say nothing. In order:
 *
 * 1. A NaN or an infinity is one too many, unless the golden file allows them, or the release before gave them too: then
 *    only more of them than chance explains.
 * 2. Its p95 is above the limit, both sides have `tailAnswersMin` answers, and more of its answers are slower than the limit than
 *    chance explains.
 * 3. Some output's distribution is further from that of the release before than the limit and chance together explain.
 */
export function judgeLive(limits: LiveLimits, facts: LiveFacts): Failure | null {
  return judgeNonFinite(facts) ?? judgeLatency(limits, facts) ?? judgeOutputs(limits, facts);
}

function judgeNonFinite({ trial, before, looks, allowsNonFinite }: LiveFacts): Failure | null {
  const [count, answered] = [trial.nonFinite(), trial.answered()];
  if (count === 0 || allowsNonFinite) return null;
  const known = before?.nonFinite() ?? 0;
  const detail = `expected finite answers, got NaN or infinity in ${count} of ${answered}`;
  if (before === null || known === 0) return { code: "NON_FINITE", detail };
  const samples = { trial: answered, before: before.answered(), alarm: alarmShare(looks) };
  if (count / answered - known / samples.before <= tailMargin(samples)) return null;
  return { code: "NON_FINITE", detail: `${detail}; before, ${known} of ${samples.before}` };
}

function judgeLatency(limits: LiveLimits, { trial, before, looks }: LiveFacts): Failure | null {
  const tried = trial.latenciesUs().sort();
  const known = before?.latenciesUs().sort() ?? new Float64Array();
  if (Math.min(tried.length, known.length) < tailAnswersMin) return null;
  const knownMs = p95Ms(known);
  const limitMs = Math.max(knownMs * limits.p95RatioMax, knownMs + limits.p95GrowthMsMin);
  if (p95Ms(tried) <= limitMs) return null;
  const slow = tried.filter((latencyUs) => latencyUs > limitMs * 1_000).length / tried.length;
  const alarm = alarmShare(looks);
  if (slow - (1 - P95) <= tailMargin({ trial: tried.length, before: known.length, alarm })) {
    return null;
  }
  const got = `got ${shortNumber(p95Ms(tried))} ms`;
  const detail = `expected a p95 of at most ${shortNumber(limitMs)} ms, ${got}; before, ${shortNumber(knownMs)} ms`;
  return { code: "ROLLED_BACK", detail };
}

function judgeOutputs({ outputDistanceMax }: LiveLimits, facts: LiveFacts): Failure | null {
  const { trial, before, looks } = facts;
  if (before === null || trial.answered() === 0) return null;
  const known = before.outputs();
  const alarm = alarmShare(looks, falseAlarmMax / Math.max(1, known.size));
  for (const [name, window] of trial.outputs()) {
    const other = known.get(name);
    const found = other === undefined ? null : outputDistance(window, other, alarm);
    if (found === null || found.distance <= outputDistanceMax + found.margin) continue;
    const limit = `at most ${shortNumber(outputDistanceMax)}, and ${shortNumber(found.margin)} by chance`;
    const got = `got ${shortNumber(found.distance)}`;
    const detail = `output ${name}: expected its distance from the release before to be ${limit}, ${got}`;
    return { code: "ROLLED_BACK", detail };
  }
  return null;
}

const P95 = 0.95;

/** @param sorted microseconds, rising, at least one */
function p95Ms(sorted: Float64Array): number {
  return (sorted[Math.ceil(sorted.length * P95) - 1] ?? 0) / 1_000;
}
