import { psi } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import type { DistributionVerdict } from "../../../../controller/src/domain/drift/verdict.ts";
import { seededRandom } from "../../../support/random.ts";
import { binSampler, evenShares } from "../../../support/telemetry/bin-sampler.ts";
import { cellMs, cellOf, evenFeature, profileOf } from "../../../support/telemetry/drift-cells.ts";
import { DriftWatch } from "../../../support/telemetry/drift-watch.ts";
import { measuredFeature } from "../../../support/telemetry/measured-feature.ts";

const seed = 16;
const startMs = Date.UTC(2026, 0, 5);

test.each([
  { items: 100, bins: 20, enough: 500 },
  { items: 200, bins: 20, enough: 500 },
  { items: 500, bins: 20, enough: 500 },
  { items: 1_000, bins: 20, enough: 500 },
  { items: 100, bins: 10, enough: 300 },
])(`T16: 10,000 windows of $items items in $bins bins without drift give at most 0.1 alerts per 100 windows (seed ${seed})`, ({
  items,
  bins,
  enough,
}) => {
  const drawn = binSampler(evenShares(bins), seed + items + bins);
  const watch = new DriftWatch(profileOf([evenFeature("x", bins)]));
  let silent = 0;
  for (let i = 0; i < 10_000; i++) {
    const cell = cellOf(startMs + i * cellMs, [drawn(items)]);
    if (watch.judgeFleet(cell).status === "INSUFFICIENT_DATA") silent++;
  }

  expect(watch.told).toBeLessThanOrEqual(10);
  // Nothing is said until the cells that are merged forward hold enough, and always from then on.
  expect(silent).toBe(Math.ceil(enough / items) - 1);
});

test(`T16: PSI of 0.1 alone would flag more than a third of the windows of 100 items (seed ${seed})`, () => {
  const drawn = binSampler(evenShares(10), seed);
  const reference = drawn(100_000);
  let flagged = 0;
  for (let i = 0; i < 4_000; i++) {
    if (psi(reference, drawn(100)) >= 0.1) flagged++;
  }

  // telemetry.md 1.1, of 4,000 windows drawn with NumPy: 0.378; 3 standard errors of both together are 0.033.
  expect(Math.abs(flagged / 4_000 - 0.378)).toBeLessThan(0.033);
});

test("T16: with one item less than it takes, a window says nothing", () => {
  const drawn = binSampler(evenShares(20), seed);
  const statusOf = (items: number) =>
    new DriftWatch(profileOf([evenFeature("x")])).judgeFleet(cellOf(startMs, [drawn(items)]))
      .status;

  expect(statusOf(499)).toBe("INSUFFICIENT_DATA");
  expect(statusOf(500)).toBe("OK");
});

const random17 = seededRandom(17);
const feature = measuredFeature("x", Float64Array.from({ length: 100_000 }, random17.normal));

/** Trials of four windows after a shift. */
function watchShift({ shift, items, trials }: { shift: number; items: number; trials: number }) {
  const verdicts: DistributionVerdict[] = [];
  let told = 0;
  for (let trial = 0; trial < trials; trial++) {
    const watch = new DriftWatch(profileOf([feature.profile]));
    for (let i = 0; i < 4; i++) {
      const counts = feature.count(items, () => shift + random17.normal());
      verdicts.push(watch.judgeFleet(cellOf(startMs + i * cellMs, [counts])));
    }
    told += watch.told;
  }
  return { told: told / trials, verdicts };
}

test.each([
  { shift: 0.5, items: 500 },
  { shift: 0.4, items: 1_000 },
])("T17: a shift of $shift sd in windows of $items items raises an alert within 4 windows in at least 99 % of trials (seed 17)", ({
  shift,
  items,
}) => {
  const { told, verdicts } = watchShift({ shift, items, trials: 500 });

  expect(told).toBeGreaterThanOrEqual(0.99);
  const warned = verdicts.filter(({ status }) => status === "WARN" || status === "BREACH");
  expect(warned.length / verdicts.length).toBeGreaterThan(0.98);
});

test("T17: a shift of 0.1 sd in windows of 5,000 items is significant, and silent (seed 17)", () => {
  const { told, verdicts } = watchShift({ shift: 0.1, items: 5_000, trials: 100 });

  expect(told).toBe(0);
  expect(verdicts.every(({ status }) => status === "OK")).toBe(true);
  const significant = verdicts.filter(
    ({ pValue, psi: index, gate }) => pValue < 0.001 && index < 0.1 && gate < 0.1,
  );
  expect(significant.length / verdicts.length).toBeGreaterThan(0.95);
});
