import { type Maintenance, MaintenanceId, ModelName } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  type CohortUnrest,
  suppressionCause,
  type Unrest,
} from "../../../../controller/src/domain/drift/alerts/suppression-cause.ts";
import type { CohortKey } from "../../../../controller/src/domain/drift/cohort-key.ts";
import type {
  QualityVerdict,
  RateVerdict,
  Verdict,
} from "../../../../controller/src/domain/drift/verdict.ts";
import { cellMs } from "../../../support/telemetry/drift-cells.ts";
import { verdictOf } from "../../../support/telemetry/verdicts.ts";

const id = MaintenanceId.parse("4f1d2c3b5a697887");

function maintenance(changes: Partial<Maintenance> = {}): Maintenance {
  return {
    ...{ id, model: ModelName.parse("vision.defects"), cohort: "site=south" },
    ...{ fromMs: 10 * cellMs, untilMs: 12 * cellMs, reason: "new lamps", createdBy: "key:a" },
    ...{ createdAtMs: 0, endedAtMs: null, endedBy: null },
    ...changes,
  };
}

function unrest(
  cohorts: Readonly<Partial<Record<CohortKey, Partial<CohortUnrest>>>>,
  more: Partial<Unrest> = {},
): Unrest {
  const all = Object.entries(cohorts) as [CohortKey, Partial<CohortUnrest>][];
  return {
    ...{ announced: [], rollout: null, ...more },
    cohorts: new Map(
      all.map(([cohort, of]) => [
        cohort,
        { devices: 100, arrived: 0, maintained: new Map<string, number>(), ...of },
      ]),
    ),
  };
}

const of = (cohort: CohortKey, i = 10, more: Parameters<typeof verdictOf>[2] = {}) =>
  verdictOf(i, 0.3, { cohort, ...more });

const judged: Omit<QualityVerdict, "kind" | "signal" | "finding"> = {
  cohort: "site=south",
  status: "BREACH",
  ...{ level: 2, items: 1_000, isConclusive: false },
  ...{ cellStartMs: 10 * cellMs, fromMs: 10 * cellMs, untilMs: 11 * cellMs },
};
const faulty: QualityVerdict = {
  ...{ ...judged, kind: "quality", signal: "quality:x" },
  finding: { fault: "UNIT", factor: 10 },
};
const rate = (signal: RateVerdict["signal"]): RateVerdict => ({
  ...{ ...judged, kind: "rate", signal, value: 2, limit: 1 },
});

describe("a maintenance", () => {
  const around = unrest({ "site=south": {} }, { announced: [maintenance()] });

  test("silences every signal of its cohort, and says who announced what for how long", () => {
    const all: readonly Verdict[] = [of("site=south"), faulty, rate("errors"), rate("accuracy:y")];

    for (const verdict of all) {
      expect(suppressionCause(verdict, around)).toEqual({
        ...{ kind: "maintenance", maintenance: id, announcedFor: "site=south" },
        ...{ reason: "new lamps", by: "key:a", untilMs: 12 * cellMs },
        ...{ devices: 100, ofDevices: 100 },
      });
    }
  });

  test("silences what rests on any of its time, and not the cells before and after it", () => {
    const isSilent = (i: number, more: Parameters<typeof verdictOf>[2] = {}) =>
      suppressionCause(of("site=south", i, more), around) !== null;

    expect([9, 10, 11, 12].map((i) => isSilent(i))).toEqual([false, true, true, false]);
    expect(isSilent(15, { fromMs: 12 * cellMs - 1 })).toBe(true);
    expect(isSilent(15, { fromMs: 12 * cellMs })).toBe(false);
  });

  test("that somebody ended is over from then on, and one that was ended before it began never was", () => {
    const ended = (endedAtMs: number) =>
      unrest({ "site=south": {} }, { announced: [maintenance({ endedAtMs, endedBy: "key:b" })] });

    expect(suppressionCause(of("site=south", 10), ended(10 * cellMs + 1))).toMatchObject({
      untilMs: 10 * cellMs + 1,
    });
    expect(suppressionCause(of("site=south", 11), ended(11 * cellMs))).toBeNull();
    expect(suppressionCause(of("site=south", 10), ended(9 * cellMs))).toBeNull();
    const merged = of("site=south", 10, { fromMs: 8 * cellMs });
    expect(suppressionCause(merged, ended(9 * cellMs))).toBeNull();
    expect(suppressionCause(merged, ended(10 * cellMs))).toBeNull();
  });

  test("of a cohort silences others with 2 % of their devices in it, and those with one fewer not", () => {
    const shared = unrest(
      {
        fleet: { devices: 200, maintained: new Map([[id, 4]]) },
        "class=cam": { devices: 200, maintained: new Map([[id, 3]]) },
        "site=north": { devices: 1 },
      },
      { announced: [maintenance()] },
    );

    expect(suppressionCause(of("fleet"), shared)).toMatchObject({ devices: 4, ofDevices: 200 });
    expect(suppressionCause(of("class=cam"), shared)).toBeNull();
    expect(suppressionCause(of("site=north"), shared)).toBeNull();
  });

  test("of the fleet silences every cohort", () => {
    const announced = [maintenance({ cohort: "fleet" })];
    const whole = unrest({ "site=north": { devices: 3 } }, { announced });

    expect(suppressionCause(of("site=north"), whole)).toMatchObject({ devices: 3, ofDevices: 3 });
  });
});

describe("a cohort that a rollout has just come to", () => {
  const arrived = (count: number, rollout: string | null = "r-1") =>
    unrest({ "site=south": { arrived: count } }, { rollout });

  test("warms up while a tenth of its devices is new, and no longer with one fewer", () => {
    expect(suppressionCause(of("site=south"), arrived(10))).toEqual({
      ...{ kind: "rollout", rollout: "r-1", devices: 10, ofDevices: 100 },
    });
    expect(suppressionCause(of("site=south"), arrived(9))).toBeNull();
    expect(suppressionCause(of("site=south"), arrived(0))).toBeNull();
    expect(suppressionCause(of("site=north"), arrived(10))).toBeNull();
  });

  test("is silent about distributions and latency, and tells of faults, errors and wrong answers", () => {
    const isSilent = (verdict: Verdict) => suppressionCause(verdict, arrived(100)) !== null;

    expect([of("site=south"), rate("latency")].map(isSilent)).toEqual([true, true]);
    expect([faulty, rate("errors"), rate("accuracy:y")].map(isSilent)).toEqual([
      false,
      false,
      false,
    ]);
  });

  test("is under maintenance where both are so: that is what people said", () => {
    const both = unrest(
      { "site=south": { arrived: 100 } },
      { rollout: "r-1", announced: [maintenance()] },
    );

    expect(suppressionCause(of("site=south"), both)).toMatchObject({ kind: "maintenance" });
  });
});
