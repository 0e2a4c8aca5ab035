import {
  decodeWindow,
  encodedWindowBytes,
  encodeWindow,
  type TelemetryWindow,
  telemetryLimits,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { fitWindow } from "../../../../../../agent/src/domain/telemetry/waiting/fit-window.ts";
import { fullWindow } from "../../../../../support/telemetry/full-window.ts";
import { emptyWindow } from "../../../../../support/telemetry/windows.ts";

const { itemsPerWindowMax } = telemetryLimits;

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
