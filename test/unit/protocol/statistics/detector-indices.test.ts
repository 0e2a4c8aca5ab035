import {
  Adwin,
  Ddm,
  Eddm,
  HddmA,
  HddmW,
  Kswin,
  ksExactSurvival,
  PageHinkley,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { z } from "zod";
import { seededRandom } from "../../../support/random.ts";
import { type Detector, firingIndices } from "../../../support/statistics/firing.ts";
import { readVectors } from "../../../support/statistics/vectors.ts";

const Digits = z.string().transform((digits) => Array.from(digits, Number));
const streams = z
  .object({
    random12345: Digits,
    random42: Digits,
    numpyWhole: Digits,
    numpyBinomial: Digits,
    numpyBlocks: Digits,
  })
  .parse(readVectors("streams.json"));

type Named = readonly [
  name: string,
  detector: () => Detector,
  stream: keyof typeof streams,
  indices: readonly number[],
];

/** As River's documentation and its test_drift_detectors.py say, and telemetry.md 1.3 for ADWIN without a reset. */
const named: readonly Named[] = [
  ["ADWIN", () => new Adwin(), "random12345", [1023]],
  ["Page–Hinkley", () => new PageHinkley(), "random12345", [1006]],
  ["DDM", () => new Ddm(), "random42", [1334]],
  ["HDDM_A", () => new HddmA(), "random42", [1206]],
  ["HDDM_W", () => new HddmW(), "random42", [1077]],
  ["EDDM(.8, .75)", () => new Eddm({ beta: 0.75 }), "random42", [1278]],
  ["ADWIN", () => new Adwin(), "numpyWhole", [1055]],
  [
    "ADWIN without a reset",
    () => new Adwin({ resetOnDrift: false }),
    "numpyWhole",
    [1055, 1087, 1215],
  ],
  ["Page–Hinkley", () => new PageHinkley(), "numpyWhole", [1020, 1991]],
  ["DDM", () => new Ddm(), "numpyBinomial", [1049]],
  ["HDDM_A", () => new HddmA(), "numpyBinomial", [1047]],
  ["HDDM_W", () => new HddmW(), "numpyBinomial", [1018]],
  ["HDDM_A on two sides", () => new HddmA({ twoSided: true }), "numpyBlocks", [531, 1015, 1545]],
];

test.each(named)("T11: %s fires where River's does", (_, detector, stream, indices) => {
  expect(firingIndices(detector(), streams[stream])).toEqual(indices);
});

test("KSWIN finds the change of River's stream, at the same index for the same seed", () => {
  const options = { alpha: 0.0001, windowSize: 200, statSize: 100, seed: 42 };

  const indices = firingIndices(new Kswin(options), streams.numpyWhole);

  expect(indices).toHaveLength(1);
  expect(indices[0]).toBeGreaterThan(1000);
  expect(indices[0]).toBeLessThan(1100);
  expect(firingIndices(new Kswin(options), streams.numpyWhole)).toEqual(indices);
});

test("KSWIN fires at the least gap whose exact chance is at most alpha: 14/30 for .005", () => {
  /** With half of the window being new, whatever is drawn of the rest is all of it. */
  const firesAtGap = (steps: number) => {
    const detector = new Kswin({ windowSize: 60, statSize: 30 });
    const older = Array.from({ length: 30 }, (_, i) => i);
    return firingIndices(detector, [...older, ...older.map((i) => i + steps - 0.5)]);
  };

  expect(ksExactSurvival(13 / 30, 30, 30)).toBeGreaterThan(0.005); // SciPy: 0.006548
  expect(ksExactSurvival(14 / 30, 30, 30)).toBeLessThan(0.005); // SciPy: 0.002530
  expect(firesAtGap(13)).toEqual([]);
  expect(firesAtGap(14)).toEqual([59]);
});

test("ADWIN keeps the mean and the size of its window", () => {
  const random = seededRandom(7);
  const detector = new Adwin();
  const values = Array.from({ length: 3000 }, () => random.below(2));
  const share = values.reduce((sum, value) => sum + value, 0) / values.length;

  expect([detector.mean, detector.width]).toEqual([0, 0]);
  expect(firingIndices(detector, values)).toEqual([]);
  expect(detector.width).toBe(3000);
  expect(detector.mean).toBeCloseTo(share, 12);
});

test("ADWIN keeps at most 1.9 KB of a million values", () => {
  const random = seededRandom(11);
  const detector = new Adwin();

  let bytesMax = 0;
  for (let i = 0; i < 1_000_000; i++) {
    detector.update(random.next() < 0.1 ? 1 : 0);
    if (i % 1000 === 999) bytesMax = Math.max(bytesMax, detector.bucketCount() * 16);
  }

  expect(detector.width).toBe(1_000_000);
  expect(bytesMax).toBeGreaterThan(1000);
  expect(bytesMax).toBeLessThanOrEqual(1900);
});

test("ADWIN fed with means of windows misses what it finds in the values", () => {
  const random = seededRandom(3);
  const errors = Array.from({ length: 10_000 }, (_, i): number =>
    random.next() < (i < 5000 ? 0.1 : 0.205) ? 1 : 0,
  );
  const means = Array.from({ length: 100 }, (_, window) =>
    errors.slice(window * 100, window * 100 + 100).reduce((sum, error) => sum + error / 100, 0),
  );

  expect(firingIndices(new Adwin(), errors).some((index) => index >= 5000)).toBe(true);
  expect(firingIndices(new Adwin(), means)).toEqual([]);
});

const errorDetectors = { Ddm, Eddm, HddmW };
const valueDetectors = { Adwin, PageHinkley, HddmA, Kswin };

const NO_NUMBERS = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

test.each(
  Object.entries({ ...errorDetectors, ...valueDetectors }),
)("T5: %s refuses what is no number and goes on as if it had not come", (_, Made) => {
  const stream = streams.numpyBinomial;
  const expected = firingIndices(new Made(), stream);
  const detector = new Made();

  const indices = stream.flatMap((value, index) => {
    for (const wrong of NO_NUMBERS) expect(() => detector.update(wrong)).toThrow(RangeError);
    return detector.update(value) ? [index] : [];
  });

  expect(expected.length).toBeGreaterThan(0);
  expect(indices).toEqual(expected);
});

test.each(
  Object.entries({ ...errorDetectors, ...valueDetectors }),
)("T5: %s stays silent on a constant", (_, Made) => {
  expect(firingIndices(new Made(), new Uint8Array(2000))).toEqual([]);
  expect(firingIndices(new Made(), new Uint8Array(2000).fill(1))).toEqual([]);
});

test.each(
  Object.entries({ ...errorDetectors, HddmA }),
)("%s takes errors as truth values and refuses values its bound does not hold for", (_, Made) => {
  expect(new Made().update(true)).toBe(false);
  expect(new Made().update(false)).toBe(false);
  expect(() => new Made().update(1.5)).toThrow(RangeError);
  expect(() => new Made().update(-1)).toThrow(RangeError);
});

test("settings out of range are refused", () => {
  expect(() => new Adwin({ delta: 0 })).toThrow(RangeError);
  expect(() => new Adwin({ clock: 0 })).toThrow(RangeError);
  expect(() => new PageHinkley({ threshold: 0 })).toThrow(RangeError);
  expect(() => new PageHinkley({ alpha: 1.1 })).toThrow(RangeError);
  expect(() => new Ddm({ driftThreshold: 0 })).toThrow(RangeError);
  expect(() => new HddmA({ driftConfidence: 1 })).toThrow(RangeError);
  expect(() => new HddmW({ lambda: 0 })).toThrow(RangeError);
  expect(() => new Kswin({ alpha: 0 })).toThrow(RangeError);
  expect(() => new Kswin({ windowSize: 59, statSize: 30 })).toThrow(RangeError);
});
