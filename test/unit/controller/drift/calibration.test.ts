import { psi } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { drawOrder } from "../../../../controller/src/domain/drift/calibration/block-starts.ts";
import {
  calibrateJointThreshold,
  calibrateThreshold,
  ertBootstrap,
} from "../../../../controller/src/domain/drift/calibration/calibrate-threshold.ts";
import { drawnPsi } from "../../../../controller/src/domain/drift/calibration/drawn-psi.ts";
import { thresholdFor } from "../../../../controller/src/domain/drift/distribution/threshold-for.ts";
import { evaluationDefaults } from "../../../../controller/src/domain/drift/evaluation-policy.ts";
import { samplesMinOf, signalsOf } from "../../../../controller/src/domain/drift/signals-of.ts";
import { seededRandom } from "../../../support/random.ts";
import { evenFeature, profileOf } from "../../../support/telemetry/drift-cells.ts";

const seed = 9;
const random = seededRandom(seed);
const rows = Uint8Array.from({ length: 5_000 }, () => random.below(10));
const bootstrap = {
  ...{ windowItems: 500, blockItems: 1, replicates: 2_000, quantile: 0.99, seed },
};

const countsOf = (bins: ArrayLike<number>, size: number) => {
  const counts = new Array<number>(size).fill(0);
  for (const bin of Array.from(bins)) if (bin < size) counts[bin] = (counts[bin] ?? 0) + 1;
  return counts;
};

describe("a threshold by bootstrap", () => {
  test("is the same for the same seed, and another for another", () => {
    const threshold = calibrateThreshold({ rows, bins: 10 }, bootstrap);

    expect(calibrateThreshold({ rows, bins: 10 }, bootstrap)).toBe(threshold);
    expect(calibrateThreshold({ rows, bins: 10 }, { ...bootstrap, seed: 10 })).not.toBe(threshold);
  });

  test("of independent rows is that of the law of χ²: (1/N + 1/M) times the quantile", () => {
    const threshold = calibrateThreshold({ rows, bins: 10 }, { ...bootstrap, replicates: 20_000 });

    // chi2.ppf(0.99, 9) = 21.666 (SciPy).
    expect(threshold / (21.666 * (1 / 500 + 1 / 5_000))).toBeCloseTo(1, 1);
  });

  test("of rows that come in runs is higher, by blocks as long as they", () => {
    const runs = Uint8Array.from(rows, (_, row) => rows[Math.floor(row / 25)] ?? 0);
    const single = calibrateThreshold({ rows: runs, bins: 10 }, bootstrap);
    const blocks = calibrateThreshold({ rows: runs, bins: 10 }, { ...bootstrap, blockItems: 250 });

    expect(blocks).toBeGreaterThan(5 * single);
  });

  test("over several signals is at least that of each", () => {
    const other = Uint8Array.from(rows, (bin) => 9 - bin).reverse();
    const signals = [rows, other].map((bins) => ({ rows: bins, bins: 10 }));
    const joint = calibrateJointThreshold(signals, bootstrap);

    for (const signal of signals) {
      expect(joint).toBeGreaterThanOrEqual(calibrateThreshold(signal, bootstrap));
    }
  });

  test("by the hour holds each window against its own hour: a season does not raise it", () => {
    const slots = Uint8Array.from(rows, (_, row) => Math.floor(row / 100) % 2);
    const seasonal = rows.map((bin, row) => (slots[row] === 1 ? 5 + (bin % 5) : bin % 5));
    const whole = calibrateThreshold(
      { rows: seasonal, bins: 10 },
      { ...bootstrap, blockItems: 100, slots },
    );
    const blind = calibrateThreshold(
      { rows: seasonal, bins: 10 },
      { ...bootstrap, blockItems: 100 },
    );

    expect(whole).toBeLessThan(0.1);
    expect(blind).toBeGreaterThan(0.1);
  });

  test("draws the very PSI of the protocol, with and without missing values", () => {
    const order = drawOrder(rows.length, undefined);
    for (const absent of [0, 0.1]) {
      const some = rows.map((bin) => (random.next() < absent ? 255 : bin));
      const starts = Uint32Array.from({ length: 5 }, () => random.below(4_900));
      const window = Array.from(starts).flatMap((start) =>
        Array.from(some.subarray(start, start + 100)),
      );
      const [reference, current] = [countsOf(some, 10), countsOf(window, 10)];
      const [all, items] = [reference, current].map((counts) => counts.reduce((a, b) => a + b));
      const psiOf = drawnPsi({ rows: some, bins: 10 }, order, {
        windowItems: 500,
        blockItems: 100,
      });

      const expected = psi(reference, current) * (1 + (items ?? 0) / (all ?? 1));
      expect(psiOf(starts, 0)).toBeCloseTo(expected, 12);
    }
  });

  test("of rows without any value is 0", () => {
    expect(calibrateThreshold({ rows: rows.map(() => 255), bins: 10 }, bootstrap)).toBe(0);
  });

  test.each([
    { blockItems: 0 },
    { blockItems: 501 },
    { replicates: 0 },
    { replicates: 1_000_001 },
    { quantile: 0 },
    { quantile: 1 },
  ])("is not made of %o", (wrong) => {
    expect(() => calibrateThreshold({ rows, bins: 10 }, { ...bootstrap, ...wrong })).toThrow(
      RangeError,
    );
  });

  test("is not made of a block longer than the reference, nor of signals of different rows", () => {
    const short = { rows: rows.subarray(0, 99), bins: 10 };

    expect(() => calibrateThreshold(short, { ...bootstrap, blockItems: 100 })).toThrow(RangeError);
    expect(() => calibrateJointThreshold([short, { rows, bins: 10 }], bootstrap)).toThrow(
      RangeError,
    );
  });

  test("for an expected run draws 50 windows for each of it", () => {
    expect(ertBootstrap(1_000, bootstrap)).toMatchObject({ replicates: 50_000, quantile: 0.999 });
    expect(() => ertBootstrap(1, bootstrap)).toThrow(RangeError);
    expect(() => ertBootstrap(20_001, bootstrap)).toThrow(RangeError);
  });
});

describe("the threshold of a signal", () => {
  const thresholdOf = (psiOfWindow: number, items: number, ertWindows?: number) => {
    const calibration = { ...bootstrap, ...(ertWindows !== undefined && { ertWindows }) };
    const [signal] = signalsOf(
      profileOf([{ ...evenFeature("x"), threshold: psiOfWindow }], { calibration }),
    );
    if (signal === undefined) throw new RangeError("expected a signal");
    return thresholdFor(signal, { items, basis: "window" }, evaluationDefaults);
  };

  test("raises the default, and never lowers it", () => {
    expect(thresholdOf(0.4, 500)).toEqual({ warn: 0.4, alert: 0.4, source: "calibrated" });
    expect(thresholdOf(0.15, 500)).toEqual({ warn: 0.15, alert: 0.25, source: "calibrated" });
    expect(thresholdOf(0.05, 500)).toEqual({ warn: 0.1, alert: 0.25, source: "default" });
  });

  test("is raised for fewer items than it was made for, and not lowered for more", () => {
    expect(thresholdOf(0.2, 250).warn).toBeCloseTo(0.4);
    expect(thresholdOf(0.2, 5_000).warn).toBe(0.2);
  });

  test("for an expected run decides alone", () => {
    expect(thresholdOf(0.05, 500, 1_000)).toEqual({ warn: 0.05, alert: 0.05, source: "ERT" });
  });
});

test.each([
  { bins: 2, items: 300 },
  { bins: 10, items: 300 },
  { bins: 11, items: 500 },
  { bins: 20, items: 500 },
  // 10 · chi2.ppf(0.999, 49) = 853.5 (SciPy).
  { bins: 50, items: 900 },
])("$bins bins need $items items", ({ bins, items }) => {
  expect(samplesMinOf(bins)).toBe(items);
});
