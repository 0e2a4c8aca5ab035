import { describe, expect, test } from "vitest";
import { calibrateThreshold } from "../../../../controller/src/domain/drift/calibration/calibrate-threshold.ts";
import { seededRandom } from "../../../support/random.ts";
import { cellMs, cellOf, profileOf } from "../../../support/telemetry/drift-cells.ts";
import { DriftWatch } from "../../../support/telemetry/drift-watch.ts";
import {
  autoregression,
  measuredFeature,
  tabledNormal,
} from "../../../support/telemetry/measured-feature.ts";

const seed = 18;
const startMs = Date.UTC(2026, 0, 5);
const windowItems = 500;

describe(`values that follow each other, AR(1) with φ = 0.9 (seed ${seed})`, () => {
  const random = seededRandom(seed);
  const next = autoregression(tabledNormal(random), 0.9);
  const feature = measuredFeature("x", Float64Array.from({ length: 100_000 }, next));
  const profileWith = (blockItems: number) => {
    const calibration = { windowItems, blockItems, replicates: 4_000, quantile: 0.99, seed };
    const bins = feature.profile.counts.length + 2;
    const threshold = calibrateThreshold({ rows: feature.rows, bins }, calibration);
    return profileOf([{ ...feature.profile, threshold }], { calibration });
  };
  const watchQuiet = (blockItems: number, windows: number) => {
    const watch = new DriftWatch(profileWith(blockItems));
    let large = 0;
    for (let i = 0; i < windows; i++) {
      const cell = cellOf(startMs + i * cellMs, [feature.count(windowItems, next)]);
      if (watch.judgeFleet(cell).psi >= 0.1) large++;
    }
    return { told: watch.told, large };
  };

  test("T18: 20,000 windows of 500 without drift give at most 0.05 alerts per 100 windows", {
    timeout: 120_000,
  }, () => {
    const { told, large } = watchQuiet(windowItems, 20_000);

    expect(told).toBeLessThanOrEqual(10);
    // The fixed rule would have flagged them by the hundred.
    expect(large / 20_000).toBeGreaterThan(0.2);
  });

  test("T18: a threshold from rows drawn one by one, as if they were independent, would not do", () => {
    const { told } = watchQuiet(1, 2_000);

    expect(told).toBeGreaterThan(10);
  });

  test("T18: a shift of 1 sd is told within 4 windows in at least 95 % of trials", () => {
    const profile = profileWith(windowItems);
    let told = 0;
    for (let trial = 0; trial < 500; trial++) {
      const watch = new DriftWatch(profile);
      for (let i = 0; i < 4; i++) {
        const counts = feature.count(windowItems, () => 1 + next());
        watch.judgeFleet(cellOf(startMs + i * cellMs, [counts]));
      }
      told += watch.told;
    }

    expect(told / 500).toBeGreaterThanOrEqual(0.95);
  });
});
