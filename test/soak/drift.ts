/**
 * `npm run soak:drift -- --days 7 --windows 100000 --seed 7`: the decisions about drift over far more windows than a test
 * has time for. The last line is JSON; the exit code is 1 when a limit of T20 or T21 is not kept.
 *
 * Shows T20: days of 200 cohorts and 20 signals without drift, at most one alert a day (`npm run soak:drift`)
 * Shows T21: an expected run of 1,000 windows over 20 signals and 100,000 windows (`npm run soak:drift`)
 */
import { parseArgs } from "node:util";
import type { ReferenceProfile } from "@modelfleet/protocol";
import {
  calibrateJointThreshold,
  ertBootstrap,
} from "../../controller/src/domain/drift/calibration/calibrate-threshold.ts";
import type { CohortCell } from "../../controller/src/domain/drift/cohort-cell.ts";
import type { CohortKey } from "../../controller/src/domain/drift/cohort-key.ts";
import { seededRandom } from "../support/random.ts";
import { binSampler, evenShares, normalShares } from "../support/telemetry/bin-sampler.ts";
import { cellMs, cellOf, evenFeature, profileOf } from "../support/telemetry/drift-cells.ts";
import { DriftWatch } from "../support/telemetry/drift-watch.ts";
import { measuredFeature } from "../support/telemetry/measured-feature.ts";

const { values } = parseArgs({
  options: {
    /** T20: days of 96 windows over 200 cohorts and 20 signals. */
    days: { type: "string", default: "7" },
    /** T21: windows without drift over 20 signals. */
    windows: { type: "string", default: "100000" },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
  },
});
const [days, windows, seed] = [Number(values.days), Number(values.windows), Number(values.seed)];
const startMs = Date.UTC(2026, 0, 5);
const signals = 20;
const windowItems = 500;
const ertWindows = 1_000;
console.log(`seed ${seed}`);

const alerts = alertsWithoutDrift();
console.log(
  `T20: ${alerts} alerts in ${days} days over 200 cohorts, ${signals} signals, 96 windows a day`,
);
const run = runWithoutDrift();
const { exceeding, threshold } = run;
const runWindows = exceeding === 0 ? null : windows / exceeding;
console.log(
  `T21: PSI ${threshold.toFixed(4)} for an expected run of ${ertWindows}; ${exceeding} of ${windows} windows exceed it`,
);
console.log(JSON.stringify({ seed, days, alerts, windows, threshold, exceeding, runWindows }));
const isKept = alerts <= days && runWindows !== null && runWindows > 333 && runWindows < 3_000;
process.exitCode = isKept ? 0 : 1;

function alertsWithoutDrift(): number {
  const drawn = binSampler(evenShares(20), seed);
  const features = Array.from({ length: signals }, (_, i) => evenFeature(`x${i}`));
  const watch = new DriftWatch(profileOf(features), cellMs);
  const keys = Array.from({ length: 200 }, (_, i): CohortKey => `site=${i}`);
  for (let cell = 0; cell < days * 96; cell++) {
    const cells = keys.map((key): [CohortKey, CohortCell] => [
      key,
      cellOf(
        startMs + cell * cellMs,
        features.map(() => drawn(windowItems)),
      ),
    ]);
    watch.judge(new Map(cells));
    if (cell % 96 === 95) console.log(`day ${(cell + 1) / 96}: ${watch.told} alerts so far`);
  }
  return watch.told;
}

function runWithoutDrift(): { readonly exceeding: number; readonly threshold: number } {
  const { normal } = seededRandom(seed);
  const features = Array.from({ length: signals }, (_, i) =>
    measuredFeature(`x${i}`, Float64Array.from({ length: 20_000 }, normal)),
  );
  const bootstrap = ertBootstrap(ertWindows, { windowItems, blockItems: 1, seed });
  const references = features.map(({ rows }) => ({ rows, bins: 22 }));
  const threshold = calibrateJointThreshold(references, bootstrap);
  const profile: ReferenceProfile = profileOf(
    features.map((feature) => ({ ...feature.profile, threshold })),
    { calibration: { ...bootstrap, ertWindows } },
  );
  const drawn = features.map(({ profile: { min, edges, max } }, i) =>
    binSampler(normalShares([min, ...edges, max]), (seed + i) >>> 0),
  );
  const watch = new DriftWatch(profile, cellMs);
  let exceeding = 0;
  for (let cell = 0; cell < windows; cell++) {
    const counts = drawn.map((draw) => draw(windowItems));
    const cells = new Map([["fleet" as const, cellOf(startMs + cell * cellMs, counts)]]);
    if (watch.judge(cells).verdicts.some(({ status }) => status === "BREACH")) exceeding++;
  }
  return { exceeding, threshold };
}
