import { RolloutPlan } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import type { z } from "zod";
import { planWarnings } from "../../../../../../controller/src/domain/rollout/machine/plan-warnings.ts";

type PlanText = z.input<typeof RolloutPlan>;

const codesOf = (plan: PlanText) =>
  planWarnings(RolloutPlan.parse(plan)).map(({ code, pointer }) => `${code} ${pointer}`);

const stage = (more: object) => ({ size: { devices: 10 }, ...more });

test("the plan nobody wrote anything in is without fault", () => {
  expect(codesOf({})).toEqual([]);
});

test("an error threshold above what success leaves is never reached; at it, it is", () => {
  const at = (errorPercent: number) =>
    codesOf({ stages: [stage({ thresholds: { successPercent: 80, errorPercent } })] });

  expect(at(20)).toEqual([]);
  expect(at(21)).toEqual(["ERROR_PERCENT_UNREACHABLE /stages/0/thresholds/errorPercent"]);
});

test("the sentence says which share ends the stage before", () => {
  const [warning] = planWarnings(
    RolloutPlan.parse({
      stages: [stage({ thresholds: { successPercent: 80, errorPercent: 50 } })],
    }),
  );

  expect(warning?.detail).toBe(
    "errorPercent 50 is never reached: the stage fails as soon as more than 20 % have failed, for 80 % must succeed",
  );
});

test("a fast threshold that the first device alone can cross", () => {
  const at = (decidedMin: number) =>
    codesOf({ stages: [stage({ thresholds: { fastErrorPercent: 4, decidedMin } })] });

  expect(at(1)).toEqual(["FAST_ERROR_BY_ONE /stages/0/thresholds/decidedMin"]);
  expect(at(2)).toEqual([]);
});

test("more decided devices than the stage has", () => {
  const at = (decidedMin: number) => codesOf({ stages: [stage({ thresholds: { decidedMin } })] });

  expect(at(10)).toEqual([]);
  expect(at(11)).toEqual(["DECIDED_MIN_ABOVE_SIZE /stages/0/thresholds/decidedMin"]);
});

test("a review after the last stage asks nobody", () => {
  const review = stage({ review: true });

  expect(codesOf({ stages: [review, stage({})] })).toEqual([]);
  expect(codesOf({ stages: [stage({}), review] })).toEqual(["REVIEW_OF_LAST /stages/1/review"]);
});

test("a step longer than the whole execution is cut", () => {
  const at = (executionMs: number) =>
    codesOf({ timeouts: { offerMs: 5_000, stepMs: 6_000, executionMs } });

  expect(at(6_000)).toEqual([]);
  expect(at(5_000)).toEqual(["TIMEOUT_ABOVE_EXECUTION /timeouts/stepMs"]);
});

test("what follows a fallback follows only while somebody watches", () => {
  expect(codesOf({ onFallback: "revert", watchMs: 1 })).toEqual([]);
  expect(codesOf({ onFallback: "revert" })).toEqual(["FALLBACK_UNWATCHED /onFallback"]);
});
