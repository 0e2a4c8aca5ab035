import { psi } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  calibrateJointThreshold,
  ertBootstrap,
} from "../../../../controller/src/domain/drift/calibration/calibrate-threshold.ts";
import { fleetCohort } from "../../../../controller/src/domain/drift/cohort-key.ts";
import { seededRandom } from "../../../support/random.ts";
import { binSampler, normalShares } from "../../../support/telemetry/bin-sampler.ts";
import { cellMs, cellOf, profileOf } from "../../../support/telemetry/drift-cells.ts";
import { DriftWatch } from "../../../support/telemetry/drift-watch.ts";
import { measuredFeature } from "../../../support/telemetry/measured-feature.ts";

const seed = 21;
const startMs = Date.UTC(2026, 0, 5);
const ertWindows = 1_000;
const windowItems = 500;

describe(`an expected run of 1,000 windows, two signals (seed ${seed})`, () => {
  const { normal } = seededRandom(seed);
  const features = ["a", "b"].map((name) =>
    measuredFeature(name, Float64Array.from({ length: 20_000 }, normal)),
  );
  const bootstrap = ertBootstrap(ertWindows, { windowItems, blockItems: 1, seed });
  const references = features.map(({ rows }) => ({ rows, bins: 22 }));
  const threshold = calibrateJointThreshold(references, bootstrap);
  const profile = profileOf(
    features.map((feature) => ({ ...feature.profile, threshold })),
    { calibration: { ...bootstrap, ertWindows } },
  );
  const samplers = (mean: number) =>
    features.map(({ profile: { min, edges, max } }, i) =>
      binSampler(normalShares([min, ...edges, max], mean), seed + i),
    );

  test("T21: 100,000 windows without drift exceed the threshold every 333 to 3,000 windows", {
    timeout: 120_000,
  }, () => {
    const counts = features.map(({ profile: { counts: inner } }) => [0, ...inner, 0]);
    const drawn = samplers(0);
    let exceeding = 0;
    for (let i = 0; i < 100_000; i++) {
      const values = drawn.map((draw, signal) => psi(counts[signal] ?? [], draw(windowItems)));
      if (Math.max(...values) >= threshold) exceeding++;
    }

    expect(100_000 / exceeding).toBeGreaterThan(333);
    expect(100_000 / exceeding).toBeLessThan(3_000);
  });

  test("T21: the threshold decides alone, and at once", () => {
    const drawn = samplers(0.12);
    const watch = new DriftWatch(profile);
    let wrong = 0;
    for (let i = 0; i < 1_000; i++) {
      const cell = cellOf(
        startMs + i * cellMs,
        drawn.map((draw) => draw(windowItems)),
      );
      for (const verdict of watch.judge(new Map([[fleetCohort, cell]])).verdicts) {
        if ((verdict.status === "BREACH") !== verdict.psi >= threshold) wrong++;
      }
    }

    expect(wrong).toBe(0);
    expect(watch.told).toBeGreaterThan(0);
  });

  test("T21: a shift of 0.5 sd is told long before half of the expected run", () => {
    const drawn = samplers(0.5);
    const watch = new DriftWatch(profile);
    let windows = 0;
    while (watch.told === 0 && windows < ertWindows) {
      watch.judge(
        new Map([
          [
            fleetCohort,
            cellOf(
              startMs + windows * cellMs,
              drawn.map((draw) => draw(windowItems)),
            ),
          ],
        ]),
      );
      windows++;
    }

    expect(windows).toBeLessThan(5);
  });
});
