import { Adwin, BernoulliCusum, HddmA, PageHinkley } from "@modelfleet/protocol";
import { beforeAll, describe, expect, test } from "vitest";
import { type ErrorStreams, errorStreams } from "../../../support/statistics/error-streams.ts";
import { type Detector, delaysAfter, firingIndices } from "../../../support/statistics/firing.ts";

/** The streams of 100 seeds, 10 000 values each, changing at 5 000: made by NumPy, tools/scipy/error_streams.py. */
let streams: ErrorStreams;

beforeAll(() => {
  streams = errorStreams();
});

type Row = readonly [name: string, detector: () => Detector, delay: number, falseAlarmsMax: number];

const rows: readonly Row[] = [
  ["ADWIN(.002)", () => new Adwin(), 986, 1],
  ["HDDM_A", () => new HddmA(), 445, 10],
  ["Page–Hinkley(50)", () => new PageHinkley(), 472, 5],
];

test.each(
  rows,
)("T12: %s finds SEA 8→9.5 within 15 percent of its mean delay, always", (_, made, delay) => {
  const firings = streams.of("sea95").map((values) => firingIndices(made(), values));

  const { meanDelay, missed } = delaysAfter(firings, streams.change);

  expect(missed).toBe(0);
  expect(meanDelay).toBeGreaterThan(0.85 * delay);
  expect(meanDelay).toBeLessThan(1.15 * delay);
});

test.each(rows)("T13: %s hardly fires in 100 × 10 000 errors of a share of .1", (...row) => {
  const [, made, , falseAlarmsMax] = row;

  const alarms = streams.of("same").flatMap((values) => firingIndices(made(), values));

  expect(alarms.length).toBeLessThanOrEqual(falseAlarmsMax);
});

describe("the controller's CUSUM on windows of 100", () => {
  test("T14: at most .05 false alarms in 10 000 predictions", () => {
    const alarms = streams.of("same").flatMap((values) => windowFirings(values));

    expect(alarms.length / 100).toBeLessThanOrEqual(0.05);
  });

  test.each([
    ["sea9", 450, ".168"],
    ["sea95", 280, ".205"],
  ] as const)("T14: %s (delay at most %i predictions) is found 3 × as soon as by ADWIN", (...row) => {
    const [after, delayMax] = row;
    const changed = streams.of(after);

    const cusum = delaysAfter(changed.map(windowFirings), streams.change);
    const adwin = delaysAfter(
      changed.map((values) => firingIndices(new Adwin(), values)),
      streams.change,
    );

    expect(cusum.missed).toBe(0);
    expect(cusum.meanDelay).toBeLessThanOrEqual(delayMax);
    expect(adwin.meanDelay / cusum.meanDelay).toBeGreaterThanOrEqual(3);
  });

  test("counts a window as its predictions one by one, as long as its score stays above 0", () => {
    const [single, window] = [new BernoulliCusum({ score: 3 }), new BernoulliCusum({ score: 3 })];

    for (const error of [1, 0, 1, 1, 0, 0]) single.update(error);
    window.updateWindow(6, 3);

    expect(window.score).toBeCloseTo(single.score, 12);
    expect(window.score).toBeCloseTo(3 + 3 * Math.log(1.5) + 3 * Math.log(0.85 / 0.9), 12);
  });

  test("goes on elsewhere from the score it is given, and begins anew after it fired", () => {
    const detector = new BernoulliCusum({ score: 6.5 });

    expect(detector.update(true)).toBe(true); // ln 1.5 = 0.405
    expect(detector.score).toBe(0);
    expect(new BernoulliCusum({ score: 6.49 }).update(1)).toBe(false);
    expect(new BernoulliCusum({ score: 0.01 }).update(false)).toBe(false);
  });

  test("refuses what is no count, and shares that are none or the wrong way round", () => {
    const detector = new BernoulliCusum();

    for (const [n, errors] of [
      [1, 2],
      [-1, 0],
      [1, -1],
      [Number.NaN, 0],
      [1, Number.NaN],
      [Number.POSITIVE_INFINITY, 0],
    ] as const)
      expect(() => detector.updateWindow(n, errors)).toThrow(RangeError);
    for (const value of [0.5, 2, Number.NaN])
      expect(() => detector.update(value)).toThrow(RangeError);
    for (const options of [
      { p0: 0 },
      { p1: 1 },
      { p0: 0.2, p1: 0.2 },
      { threshold: 0 },
      { score: -1 },
      { score: Number.NaN },
    ])
      expect(() => new BernoulliCusum(options)).toThrow(RangeError);
    expect(detector.score).toBe(0);
  });
});

/** Index of the last prediction of each window of 100 at whose end the CUSUM fires. */
function windowFirings(values: Uint8Array): number[] {
  const detector = new BernoulliCusum({ p0: 0.1, p1: 0.15, threshold: 6.9 });
  const indices: number[] = [];
  for (let from = 0; from < values.length; from += 100) {
    const errors = values.subarray(from, from + 100).reduce((sum, error) => sum + error, 0);
    if (detector.updateWindow(100, errors)) indices.push(from + 99);
  }
  return indices;
}
