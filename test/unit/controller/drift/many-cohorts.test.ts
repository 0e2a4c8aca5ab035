import { expect, test } from "vitest";
import type { CohortCell } from "../../../../controller/src/domain/drift/cohort-cell.ts";
import type { CohortKey } from "../../../../controller/src/domain/drift/cohort-key.ts";
import { binSampler, evenShares } from "../../../support/telemetry/bin-sampler.ts";
import { cellMs, cellOf, evenFeature, profileOf } from "../../../support/telemetry/drift-cells.ts";
import { DriftWatch } from "../../../support/telemetry/drift-watch.ts";

const seed = 20;
const startMs = Date.UTC(2026, 0, 5);
const signals = Array.from({ length: 20 }, (_, i) => evenFeature(`x${i}`));
const keys = Array.from({ length: 200 }, (_, i): CohortKey => `site=${i}`);

test(`T20: 200 cohorts, 20 signals and 96 windows without drift give at most 1 alert a day (seed ${seed})`, {
  timeout: 120_000,
}, () => {
  const drawn = binSampler(evenShares(20), seed);
  const watch = new DriftWatch(profileOf(signals), cellMs);
  let [tests, below, discoveries, exceeding] = [0, 0, 0, 0];
  for (let i = 0; i < 96; i++) {
    const cells = keys.map((key): [CohortKey, CohortCell] => [
      key,
      cellOf(
        startMs + i * cellMs,
        signals.map(() => drawn(500)),
      ),
    ]);
    for (const { pValue, isDiscovery, status } of watch.judge(new Map(cells)).verdicts) {
      tests++;
      if (pValue < 0.05) below++;
      if (isDiscovery) discoveries++;
      if (status !== "OK") exceeding++;
    }
  }

  expect(tests).toBe(200 * 20 * 96);
  expect(watch.told).toBeLessThanOrEqual(1);
  // What other rules would have said: a twentieth of all tests, and a handful a day.
  expect(Math.abs(below / tests - 0.05)).toBeLessThan(0.005);
  expect(discoveries).toBeLessThan(30);
  expect(exceeding).toBeLessThan(30);
});
