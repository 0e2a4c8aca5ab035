import { expect, test } from "vitest";
import { findOutliers } from "../../../../controller/src/domain/drift/attribution/find-outliers.ts";
import { rankCulprits } from "../../../../controller/src/domain/drift/attribution/rank-culprits.ts";
import type { CohortCell } from "../../../../controller/src/domain/drift/cohort-cell.ts";
import { type CohortKey, fleetCohort } from "../../../../controller/src/domain/drift/cohort-key.ts";
import { binSampler, evenShares, normalShares } from "../../../support/telemetry/bin-sampler.ts";
import { cellMs, cellOf, evenFeature, profileOf } from "../../../support/telemetry/drift-cells.ts";
import { DriftWatch } from "../../../support/telemetry/drift-watch.ts";

const seed = 22;
const startMs = Date.UTC(2026, 0, 5);
/** Deciles of a normal distribution, 20 of them halved; the bounds lie where nothing is. */
const edges = [
  -9, -1.644_854, -1.281_552, -1.036_433, -0.841_621, -0.674_49, -0.524_401, -0.385_32, -0.253_347,
  -0.125_661, 0, 0.125_661, 0.253_347, 0.385_32, 0.524_401, 0.674_49, 0.841_621, 1.036_433,
  1.281_552, 1.644_854, 9,
];
const quiet = binSampler(evenShares(20), seed);
const shifted = binSampler(normalShares(edges, 1), seed + 1);
const features = Array.from({ length: 16 }, (_, i) => evenFeature(`x${i}`));
const cohorts = Array.from({ length: 20 }, (_, i): CohortKey => `site=${i}`);

/** 50 devices a cohort with 20 items each; the fleet is the sum of all. */
function cellsOf(ms: number, drifting: CohortKey): ReadonlyMap<CohortKey, CohortCell> {
  const counted = cohorts.map((cohort) => ({
    cohort,
    counts: features.map(({ name }) =>
      (cohort === drifting && name === "x7" ? shifted : quiet)(1_000),
    ),
  }));
  const fleet = features.map((_, signal) =>
    counted
      .map(({ counts }) => counts[signal] ?? [])
      .reduce((left, right) => left.map((count, bin) => count + (right[bin] ?? 0))),
  );
  return new Map([
    [fleetCohort, cellOf(ms, fleet)],
    ...counted.map(({ cohort, counts }): [CohortKey, CohortCell] => [cohort, cellOf(ms, counts)]),
  ]);
}

const run = (i: number) => cohorts[i % cohorts.length] ?? fleetCohort;

test(`T22: one cohort of 20 shifted by 1 sd on one feature of 16 is named first in at least 99 % of 200 runs, and the fleet is silent (seed ${seed})`, {
  timeout: 120_000,
}, () => {
  let [named, fleetLargest] = [0, 0];
  for (let i = 0; i < 200; i++) {
    const { verdicts } = new DriftWatch(profileOf(features)).judge(cellsOf(startMs, run(i)));
    const [first] = rankCulprits(verdicts, 10);
    if (first?.cohort === run(i) && first.signal === "feature:x7") named++;
    const fleet = verdicts.filter(({ cohort }) => cohort === fleetCohort);
    fleetLargest = Math.max(fleetLargest, ...fleet.map(({ psi }) => psi));
  }

  expect(named).toBeGreaterThanOrEqual(198);
  expect(fleetLargest).toBeLessThan(0.01);
});

test(`T22: the alert of that cohort and signal fires after 3 windows, and no other in 20 runs (seed ${seed})`, {
  timeout: 120_000,
}, () => {
  for (let i = 0; i < 20; i++) {
    const watch = new DriftWatch(profileOf(features));
    const judged = [0, 1, 2].map((cell) => watch.judge(cellsOf(startMs + cell * cellMs, run(i))));
    const told = judged.map(({ transitions }) =>
      transitions.filter(({ notice }) => notice !== null),
    );

    expect(told.slice(0, 2)).toEqual([[], []]);
    expect(told[2]?.map(({ subject }) => subject)).toEqual([
      { release: "r", cohort: run(i), signal: "feature:x7" },
    ]);
  }
});

const reference = [0, ...new Array<number>(20).fill(5_000), 0];
const devicesOf = (drawnOf: (device: number) => (items: number) => number[]) =>
  Array.from({ length: 10 }, (_, i) => ({ device: `cam-${i}`, counts: drawnOf(i)(200) }));
/** A sensor that says the same whatever it sees. */
const stuck = (items: number) => new Array<number>(22).fill(0).fill(items, 4, 5);

test(`T22: a single broken device is named, and not its cohort, in at least 99 % of 200 runs (seed ${seed})`, () => {
  let right = 0;
  for (let run = 0; run < 200; run++) {
    const broken = run % 10;
    const devices = devicesOf((device) => (device === broken ? stuck : quiet));
    const { outliers, cause } = findOutliers(devices, { reference, threshold: 0.1 });
    const names = outliers.map(({ device }) => device);
    if (cause === "devices" && names.join() === `cam-${broken}`) right++;
  }

  expect(right).toBeGreaterThanOrEqual(198);
});

test(`T22: where all devices of a cohort drift, the cohort is named in all of 200 runs, and no device in at least 99 % (seed ${seed})`, () => {
  let nobody = 0;
  for (let run = 0; run < 200; run++) {
    const { outliers, cause } = findOutliers(
      devicesOf(() => shifted),
      { reference, threshold: 0.1 },
    );
    if (outliers.length === 0) nobody++;

    expect(cause).toBe("cohort");
  }

  expect(nobody).toBeGreaterThanOrEqual(198);
});

test(`T22: a broken device in a cohort that drifts is named, and the cohort all the same (seed ${seed})`, () => {
  const devices = devicesOf((device) => (device === 3 ? stuck : shifted));

  const { outliers, cause } = findOutliers(devices, { reference, threshold: 0.1 });

  expect(outliers.map(({ device }) => device)).toEqual(["cam-3"]);
  expect(cause).toBe("cohort");
});

test("of two devices that differ, the one that is further from the reference is named", () => {
  const devices = [
    { device: "cam-0", counts: stuck(1_000) },
    { device: "cam-1", counts: quiet(1_000) },
  ];

  const { outliers } = findOutliers(devices, { reference, threshold: 0.1 });

  expect(outliers.map(({ device }) => device)).toEqual(["cam-0"]);
});

test("a device of 99 items is held against nobody; of 100, it is", () => {
  const withItems = (items: number) =>
    devicesOf(() => quiet).with(0, { device: "cam-0", counts: stuck(items) });

  expect(findOutliers(withItems(99), { reference, threshold: 0.1 }).outliers).toEqual([]);
  expect(findOutliers(withItems(100), { reference, threshold: 0.1 }).outliers).toHaveLength(1);
});

test("noise below zero on a device's counts is no error", () => {
  const devices = devicesOf(() => quiet).with(0, {
    device: "cam-0",
    counts: new Array<number>(22).fill(-3),
  });

  expect(findOutliers(devices, { reference, threshold: 0.1 }).outliers).toEqual([]);
});

test("a share of the fleet's drift says how much of it one cohort brings", () => {
  const watch = new DriftWatch(profileOf([evenFeature("x")]));
  const [mine, others] = [shifted(10_000), quiet(10_000)];
  const fleet = mine.map((count, bin) => count + (others[bin] ?? 0));
  const cells = new Map<CohortKey, CohortCell>([
    [fleetCohort, cellOf(startMs, [fleet])],
    ["site=0", cellOf(startMs, [mine])],
    ["site=1", cellOf(startMs, [others])],
  ]);

  const culprits = rankCulprits(watch.judge(cells).verdicts, 10);

  expect(culprits.map(({ cohort }) => cohort)).toEqual(["site=0"]);
  expect(culprits[0]?.shareOfFleet).toBeGreaterThan(0.95);
});
