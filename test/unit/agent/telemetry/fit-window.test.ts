import {
  decodeWindow,
  digest8,
  encodedWindowBytes,
  encodeWindow,
  quantileLimits,
  type TelemetryWindow,
  telemetryLimits,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { fitWindow } from "../../../../agent/src/domain/telemetry/fit-window.ts";
import { emptySketch, emptyWindow, profileDigest } from "../../../support/telemetry/windows.ts";

const { binsMax, categoriesMax, classesMax, featuresMax, itemsPerWindowMax, outputsMax } =
  telemetryLimits;

test("the window of a million rows with everything that a profile may ask for fits as it is", () => {
  const window = fullWindow(1_000_000);

  expect(fitWindow(window)).toBe(window);
});

test("a window too large for a message goes without its quantiles, and no count is lost", () => {
  const window = fullWindow(itemsPerWindowMax);
  expect(encodedWindowBytes(window)).toBeGreaterThan(telemetryLimits.windowsBytesPerBatchMax);
  const fitted = fitWindow(window);

  expect(encodedWindowBytes(fitted)).toBeLessThanOrEqual(telemetryLimits.windowsBytesPerBatchMax);
  expect(fitted.features.every((feature) => !("quantiles" in feature))).toBe(true);
  const withQuantiles = fitted.features.map((feature, i) => {
    const { quantiles } = window.features[i] ?? {};
    return quantiles === undefined ? feature : { ...feature, quantiles };
  });
  expect({ ...fitted, features: withQuantiles }).toEqual(window);
});

test("a window whose noise is as long as can be is told as one without a profile, its requests still counted", () => {
  const window = noisedWindow();
  const fitted = fitWindow(window);

  expect(encodedWindowBytes(window)).toBeGreaterThan(telemetryLimits.windowsBytesPerBatchMax);
  expect(fitted).toEqual({ ...emptyWindow, requests: 7 });
  expect(decodeWindow(encodeWindow(fitted))).toEqual(fitted);
});

/** Every list as long as may be, the items evenly over it. */
function fullWindow(items: number): TelemetryWindow {
  const evenly = (length: number) => new Array<number>(length).fill(Math.floor(items / length));
  const longest = new Uint8Array(quantileLimits.packedBytesMax);
  return {
    ...emptyWindow,
    ...{ profile: digest8(profileDigest), items },
    features: Array.from({ length: featuresMax }, (_, i) => ({
      ...emptySketch,
      counts: evenly(binsMax + 2),
      ...{ sum: 0.1, sumOfSquares: 0.1, min: -1, max: 1 },
      ...(i < quantileLimits.featuresMax && { quantiles: longest }),
    })),
    outputs: Array.from({ length: outputsMax }, () => ({
      classCounts: evenly(classesMax),
      confidenceCounts: evenly(binsMax),
    })),
    categories: Array.from({ length: categoriesMax }, () => ({
      ...{ counts: evenly(telemetryLimits.vocabularyMax + 1), missing: 0 },
      distinctOther: new Uint8Array(48),
    })),
  };
}

function noisedWindow(): TelemetryWindow {
  const window = fullWindow(1);
  const long = (counts: readonly number[]) => counts.map(() => -itemsPerWindowMax);
  return {
    ...window,
    ...{ epsilon: 1e-9, requests: 7 },
    features: window.features.map(({ quantiles: _, ...sketch }) => {
      return { ...sketch, counts: long(sketch.counts), min: null, max: null };
    }),
    outputs: window.outputs.map(({ classCounts, confidenceCounts }) => {
      return { classCounts: long(classCounts), confidenceCounts: long(confidenceCounts) };
    }),
    categories: window.categories.map(({ counts, missing }) => {
      return { counts: long(counts), missing, distinctOther: new Uint8Array(0) };
    }),
  };
}
