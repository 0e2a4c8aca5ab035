import { psi, type ReferenceProfile } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { calibrateThreshold } from "../../../../controller/src/domain/drift/calibration/calibrate-threshold.ts";
import { seasonalCounts, seasonsOf } from "../../../../controller/src/domain/profile/seasons.ts";
import { seededRandom } from "../../../support/random.ts";
import { readVectors } from "../../../support/statistics/vectors.ts";
import { cellMs, cellOf, profileOf } from "../../../support/telemetry/drift-cells.ts";
import { DriftWatch } from "../../../support/telemetry/drift-watch.ts";
import { measuredFeature } from "../../../support/telemetry/measured-feature.ts";

const seed = 19;
const dayMs = 86_400_000;
const weekMs = 7 * dayMs;
// A Monday.
const startMs = Date.UTC(2026, 0, 5);
const items = 500;

describe(`a daily sine of 1 sd (seed ${seed})`, () => {
  const random = seededRandom(seed);
  const at = (ms: number) => Math.sin((2 * Math.PI * ms) / dayMs) + random.normal();
  // Four weeks, 100 rows a quarter of an hour.
  const rowMs = cellMs / 100;
  const timesMs = Float64Array.from(
    { length: (4 * weekMs) / rowMs },
    (_, i) => startMs + i * rowMs,
  );
  const feature = measuredFeature("x", timesMs.map(at));
  const bins = feature.profile.counts.length + 2;

  const seasons = seasonsOf(timesMs, 500);
  const inner = { bins: feature.rows.map((bin) => bin - 1), size: bins - 2 };
  const bySeason = profileOf([{ ...feature.profile, seasonal: seasonalCounts(seasons, inner) }]);

  const watch = (profile: ReferenceProfile, days: number, shift: number) => {
    const watched = new DriftWatch(profile);
    let firstToldMs: number | null = null;
    for (let ms = 0; ms < days * dayMs; ms += cellMs) {
      const fromMs = startMs + 5 * weekMs + ms;
      let row = 0;
      const value = () => shift + at(fromMs + (row++ * cellMs) / items);
      watched.judgeFleet(cellOf(fromMs, [feature.count(items, value)]));
      if (watched.told > 0) firstToldMs ??= ms + cellMs;
    }
    return { told: watched.told, firstToldMs };
  };

  test("T19: with a reference by the hour, 7 days without drift give at most 0.1 alerts per 100 windows", () => {
    expect(watch(bySeason, 7, 0).told).toBe(0);
  });

  test("T19: with a reference by the hour, an added shift of 0.5 sd is told the same day", () => {
    expect(watch(bySeason, 1, 0.5).firstToldMs).toBeLessThanOrEqual(4 * cellMs);
  });

  test("T19: without one, and without a calibrated threshold, the season is taken for drift", () => {
    expect(watch(profileOf([feature.profile]), 1, 0).told).toBeGreaterThan(0);
  });

  const calibration = {
    windowItems: items,
    blockItems: items,
    replicates: 4_000,
    quantile: 0.99,
    seed,
  };
  const calibrated = () => {
    const threshold = calibrateThreshold({ rows: feature.rows, bins }, calibration);
    return profileOf([{ ...feature.profile, threshold }], { calibration });
  };

  test("T19: without one, a threshold from whole windows keeps the season silent for 7 days", () => {
    expect(watch(calibrated(), 7, 0).told).toBe(0);
  });

  test("T19: without one, the last 24 hours show an added shift of 0.5 sd within a day", () => {
    const { firstToldMs } = watch(calibrated(), 1, 0.5);

    expect(firstToldMs).not.toBeNull();
    expect(firstToldMs).toBeLessThanOrEqual(dayMs);
  });
});

test("T19: Seattle's temperatures by the month, 30 days each, are too few for a verdict and never an alert", () => {
  const Months = z.object({
    ...{ edges: z.array(z.number()), reference: z.array(z.number()) },
    ...{ min: z.number(), max: z.number(), mean: z.number(), sd: z.number() },
    months: z.array(z.object({ month: z.string(), counts: z.array(z.number()) })),
  });
  const { months, reference, ...shape } = Months.parse(readVectors("seattle-months.json"));
  const source = { tensor: "x", reduce: "element" as const };
  const watch = new DriftWatch(profileOf([{ name: "high", source, counts: reference, ...shape }]));

  const verdicts = months.map(({ month, counts }) =>
    watch.judgeFleet(cellOf(Date.parse(`${month}-01T00:00:00Z`), [counts])),
  );

  expect(new Set(verdicts.map(({ status }) => status))).toEqual(new Set(["INSUFFICIENT_DATA"]));
  expect(verdicts).toHaveLength(24);
  // PSI alone would see a drift in all of them: winters are not the year.
  const alone = months.map(({ counts }) => psi([0, ...reference, 0], counts));
  expect(Math.min(...alone)).toBeGreaterThan(0.25);
  expect(watch.told).toBe(0);
});
