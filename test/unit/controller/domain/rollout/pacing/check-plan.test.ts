import { RolloutPlan } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { cronerCalendar } from "../../../../../../controller/src/adapters/calendar/croner-calendar.ts";
import { PlanInvalid } from "../../../../../../controller/src/domain/errors.ts";
import { checkPlan } from "../../../../../../controller/src/domain/rollout/pacing/check-plan.ts";
import { planWarnings } from "../../../../../../controller/src/domain/rollout/pacing/plan-warnings.ts";

type Plan = z.input<typeof RolloutPlan>;
const HOUR_MS = 3_600_000;

/** Pointers to what is refused; none: it is a plan. */
function refused(plan: Plan): readonly string[] {
  try {
    checkPlan(RolloutPlan.parse(plan), cronerCalendar());
    return [];
  } catch (error) {
    if (error instanceof PlanInvalid) return error.errors.map(({ pointer }) => pointer);
    throw error;
  }
}

function stages(...sizes: readonly Plan["control"][]): Plan["stages"] {
  return sizes.map((size) => ({ size: size ?? { percent: 100 } }));
}

describe("a plan that goes together is accepted, its neighbour refused", () => {
  test.each<[string, Plan, Plan, string]>([
    [
      "shares grow",
      { stages: stages({ percent: 5 }, { percent: 6 }, { percent: 100 }) },
      { stages: stages({ percent: 5 }, { percent: 5 }, { percent: 100 }) },
      "/stages/1/size/percent",
    ],
    [
      "nothing follows the whole",
      { stages: stages({ percent: 100 }) },
      { stages: stages({ percent: 100 }, { percent: 100 }) },
      "/stages/1/size/percent",
    ],
    [
      "shares grow over numbers between them",
      { stages: stages({ percent: 5 }, { devices: 9 }, { percent: 6 }) },
      { stages: stages({ percent: 5 }, { devices: 9 }, { percent: 4 }) },
      "/stages/2/size/percent",
    ],
    [
      "control is in what the last stage adds",
      { control: { percent: 50 }, stages: stages({ percent: 50 }, { percent: 100 }) },
      { control: { percent: 51 }, stages: stages({ percent: 50 }, { percent: 100 }) },
      "/control/percent",
    ],
    [
      "stages have names of their own",
      {
        stages: [
          { name: "a", size: { percent: 1 } },
          { name: "b", size: { percent: 2 } },
        ],
      },
      {
        stages: [
          { name: "a", size: { percent: 1 } },
          { name: "a", size: { percent: 2 } },
        ],
      },
      "/stages/1/name",
    ],
    [
      "a key counts once",
      { stratifyBy: ["class", "site"] },
      { stratifyBy: ["class", "class"] },
      "/stratifyBy/1",
    ],
    [
      "a growing rate grows",
      { rate: { perMinute: 10, factorPercent: 150, every: { offered: 5 }, perMinuteMax: 10 } },
      { rate: { perMinute: 10, factorPercent: 150, every: { offered: 5 }, perMinuteMax: 9 } },
      "/rate/perMinuteMax",
    ],
    [
      "no step outlasts the order",
      { timeouts: { stepMs: HOUR_MS, offerMs: HOUR_MS, executionMs: HOUR_MS } },
      { timeouts: { stepMs: HOUR_MS + 1, offerMs: HOUR_MS, executionMs: HOUR_MS } },
      "/timeouts/stepMs",
    ],
    [
      "no first word outlasts the order",
      { timeouts: { stepMs: HOUR_MS, offerMs: HOUR_MS, executionMs: HOUR_MS } },
      { timeouts: { stepMs: HOUR_MS, offerMs: HOUR_MS + 1, executionMs: HOUR_MS } },
      "/timeouts/offerMs",
    ],
    [
      "a back-off grows",
      { retries: { backoffMs: 5, backoffMsMax: 5 } },
      { retries: { backoffMs: 6, backoffMsMax: 5 } },
      "/retries/backoffMs",
    ],
    ["the selector is one", { select: "site==a" }, { select: "site=a" }, "/select"],
    [
      "a filter is a selector",
      { stages: [{ size: { percent: 9 }, filter: "online==true" }] },
      { stages: [{ size: { percent: 9 }, filter: "online==maybe" }] },
      "/stages/0/filter",
    ],
    [
      "a window has a cron expression",
      { windows: [{ cron: "0 2 * * *", durationMs: HOUR_MS }] },
      { windows: [{ cron: "0 25 * * *", durationMs: HOUR_MS }] },
      "/windows/0/cron",
    ],
    [
      "a window has a zone",
      { windows: [{ cron: "0 2 * * *", durationMs: HOUR_MS, zone: "Europe/Berlin" }] },
      { windows: [{ cron: "0 2 * * *", durationMs: HOUR_MS, zone: "Europe/Berlim" }] },
      "/windows/0/zone",
    ],
  ])("%s", (_, good, bad, pointer) => {
    expect(refused(good)).toEqual([]);
    expect(refused(bad)).toEqual([pointer]);
  });

  test("a plan of nothing but defaults is accepted, and needs no warning", () => {
    expect(refused({})).toEqual([]);
    expect(planWarnings(RolloutPlan.parse({}))).toEqual([]);
  });

  test("everything that is wrong is named at once, the first of it in the sentence", () => {
    const plan: Plan = {
      select: "(",
      stages: stages({ percent: 9 }, { percent: 9 }),
      stratifyBy: ["a", "a"],
    };

    expect(refused(plan)).toEqual(["/select", "/stages/1/size/percent", "/stratifyBy/1"]);
    expect(() => {
      checkPlan(RolloutPlan.parse(plan), cronerCalendar());
    }).toThrow(/^\/select: expected the name of a field or \( at position 2.* \(and 2 more\)$/su);
  });
});

describe("what is allowed and hardly meant", () => {
  const codesOf = (plan: Plan) => planWarnings(RolloutPlan.parse(plan)).map(({ code }) => code);
  const withThresholds = (thresholds: object): Plan => ({
    stages: [{ size: { percent: 100 }, thresholds }],
  });

  test.each<[string, Plan, Plan]>([
    [
      "ERROR_PERCENT_UNREACHABLE",
      withThresholds({ successPercent: 80, errorPercent: 21 }),
      withThresholds({ successPercent: 80, errorPercent: 20 }),
    ],
    [
      "SUCCESS_PERCENT_ZERO",
      withThresholds({ successPercent: 0 }),
      withThresholds({ successPercent: 1 }),
    ],
    [
      "FAST_ERROR_AT_ONCE",
      withThresholds({ fastErrorPercent: 20, decidedMin: 1 }),
      withThresholds({ fastErrorPercent: 20, decidedMin: 2 }),
    ],
    [
      "REVIEW_AT_END",
      { stages: [{ size: { percent: 50 } }, { size: { percent: 100 }, review: true }] },
      { stages: [{ size: { percent: 50 }, review: true }, { size: { percent: 100 } }] },
    ],
    ["FALLBACK_UNWATCHED", { onFallback: "revert" }, { onFallback: "revert", watchMs: 1 }],
  ])("%s is told, its neighbour is not", (code, told, silent) => {
    expect(codesOf(told)).toEqual([code]);
    expect(codesOf(silent)).toEqual([]);
  });
});
