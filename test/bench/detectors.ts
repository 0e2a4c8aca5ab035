import {
  Adwin,
  BernoulliCusum,
  Ddm,
  Eddm,
  HddmA,
  HddmW,
  Kswin,
  PageHinkley,
} from "@modelfleet/protocol";
import { errorStreams, type SecondHalf } from "../support/statistics/error-streams.ts";
import { type Detector, delaysAfter, firingIndices } from "../support/statistics/firing.ts";

/**
 * Prints how often each detector fires without a change and how soon it finds one, over the streams of 100 seeds that
 * are made by tools/scipy/error_streams.py: docs/statistics.md, "Detectors".
 *
 * Shows T12: false alarms and delays of all detectors, `npm run bench:detectors`
 * Shows T14: the controller's CUSUM beside them, `npm run bench:detectors`
 */

const WINDOW = 100;

const made: Readonly<Record<string, () => Detector>> = {
  "ADWIN .002": () => new Adwin(),
  "ADWIN .05": () => new Adwin({ delta: 0.05 }),
  DDM: () => new Ddm(),
  EDDM: () => new Eddm(),
  HDDM_A: () => new HddmA(),
  HDDM_W: () => new HddmW(),
  "Page–Hinkley 50": () => new PageHinkley(),
  "Page–Hinkley 20": () => new PageHinkley({ threshold: 20 }),
  KSWIN: () => new Kswin(),
  "CUSUM, windows of 100": () => byWindows(new BernoulliCusum()),
};

const streams = errorStreams();
const halves = { same: streams.of("same"), sea9: streams.of("sea9"), sea95: streams.of("sea95") };

console.log(
  "| Detector | False alarms in 10 000 | SEA 8→9 delay / missed | SEA 8→9.5 delay / missed | ns a value |",
);
console.log("|---|---|---|---|---|");
for (const [name, detector] of Object.entries(made)) {
  const startedMs = performance.now();
  const alarms = firings(detector, "same").flat().length / halves.same.length;
  const nanoseconds =
    ((performance.now() - startedMs) * 1e6) / (halves.same.length * 2 * streams.change);
  const [near, far] = [found(detector, "sea9"), found(detector, "sea95")];
  console.log(`| ${name} | ${alarms.toFixed(2)} | ${near} | ${far} | ${nanoseconds.toFixed(0)} |`);
}

function found(detector: () => Detector, after: SecondHalf): string {
  const { meanDelay, missed } = delaysAfter(firings(detector, after), streams.change);
  return `${Number.isNaN(meanDelay) ? "–" : meanDelay.toFixed(0)} / ${missed} %`;
}

function firings(detector: () => Detector, after: SecondHalf): number[][] {
  return halves[after].map((values) => firingIndices(detector(), values));
}

/** A CUSUM that hears of its values only at the end of each window. */
function byWindows(cusum: BernoulliCusum): Detector {
  let [items, errors] = [0, 0];
  return {
    update: (value) => {
      items++;
      errors += value;
      if (items < WINDOW) return false;
      const fires = cusum.updateWindow(items, errors);
      [items, errors] = [0, 0];
      return fires;
    },
  };
}
