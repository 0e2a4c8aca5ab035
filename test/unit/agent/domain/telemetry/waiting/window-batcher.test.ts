import {
  batchBytesMax,
  DeviceId,
  decodeBatch,
  digest8,
  encodeBatch,
  encodeWindow,
  feedbackLimits,
  type NumericSketch,
  type TelemetryWindow,
  telemetryLimits,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { createWindowBatcher } from "../../../../../../agent/src/domain/telemetry/waiting/window-batcher.ts";
import {
  emptySketch,
  emptyWindow,
  profileDigest,
} from "../../../../../support/telemetry/windows.ts";

const numbered = (count: number) =>
  Array.from({ length: count }, (_, requests) => ({ ...emptyWindow, requests }));

test("windows leave oldest first, at most sixteen at a time", () => {
  const batcher = batcherOf(numbered(20));

  expect((batcher.take()?.windows ?? []).map(({ requests }) => requests)).toEqual([
    ...numbered(16).keys(),
  ]);
  expect((batcher.take()?.windows ?? []).map(({ requests }) => requests)).toEqual([16, 17, 18, 19]);
  expect(batcher.take()).toBeUndefined();
});

test("windows too large together are split, and each batch fits a message", () => {
  const large = Array.from({ length: 5 }, () => windowOf(64, 30));
  const batcher = batcherOf(large);

  const batches = [0, 1, 2].map(() => batcher.take()?.windows ?? []);
  for (const windows of batches) expect(bytesOf(windows)).toBeLessThanOrEqual(batchBytesMax);
  expect(batches.flat()).toHaveLength(5);
  expect(batches[0]?.length).toBeGreaterThan(1);
});

test("the largest window there can be fits a message by itself", () => {
  const largest = windowOf(telemetryLimits.featuresMax, telemetryLimits.binsMax, 2 ** 27);
  const batcher = batcherOf([largest, largest]);

  expect(encodeWindow(largest).length).toBeGreaterThan(batchBytesMax / 2);
  const windows = batcher.take()?.windows ?? [];
  expect(windows).toHaveLength(1);
  expect(decodeBatch(encodeBatch(batchOf(windows))).windows).toEqual([largest]);
});

test("beyond its limit the batcher loses the oldest and says how many", () => {
  const batcher = batcherOf(numbered(telemetryLimits.windowsPendingMax));
  expect(batcher.lost()).toBe(0);
  batcher.add(emptyWindow);

  expect(batcher.lost()).toBe(1);
  expect(batcher.take()?.windows[0]?.requests).toBe(1);
});

test("labels that come at once for every window of a week are all told", () => {
  const windowsOfWeek = feedbackLimits.predictionAgeMsMax / telemetryLimits.windowMsDefault;
  const batcher = createWindowBatcher();
  const { slot, release } = emptyWindow;
  for (let i = 0; i < windowsOfWeek; i++) {
    const span = { startMs: i * telemetryLimits.windowMsDefault, durationMs: 1 };
    batcher.tell({ slot, release, ...span, output: 0, labelled: 1, errors: 0, drift: [] });
  }

  let told = 0;
  for (let batch = batcher.take(); batch !== undefined; batch = batcher.take()) {
    told += batch.feedback.length;
  }
  expect(told).toBe(672);
  expect(batcher.lost()).toBe(0);
});

function batcherOf(windows: readonly TelemetryWindow[]) {
  const batcher = createWindowBatcher();
  for (const window of windows) batcher.add(window);
  return batcher;
}

function windowOf(features: number, bins: number, each = 1_000): TelemetryWindow {
  // Only as many bins can hold `each` as the items of a window allow; the others hold what is left for them.
  const full = Math.min(bins + 2, Math.floor(telemetryLimits.itemsPerWindowMax / each));
  const sketch: NumericSketch = {
    ...emptySketch,
    counts: Array.from({ length: bins + 2 }, (_, i) => (i < full ? each : 2 ** 20)),
    nan: 2 ** 20,
    missing: 2 ** 20,
    sum: 0.1,
    sumOfSquares: 0.1,
    min: -1,
    max: 1,
  };
  const output = { classCounts: sketch.counts.slice(2), confidenceCounts: sketch.counts.slice(2) };
  return {
    ...emptyWindow,
    profile: digest8(profileDigest),
    features: Array.from({ length: features }, () => sketch),
    outputs: Array.from({ length: telemetryLimits.outputsMax }, () => output),
    latency: {
      scale: 3,
      zeroCount: 1,
      offset: 0,
      counts: new Array<number>(160).fill(6_000),
      sumUs: 0.1,
    },
  };
}

function batchOf(windows: readonly TelemetryWindow[]) {
  const last = Number.MAX_SAFE_INTEGER;
  return {
    device: DeviceId.parse("d".repeat(63)),
    boot: last,
    seq: last,
    dropped: last,
    windows,
    feedback: [],
  };
}

function bytesOf(windows: readonly TelemetryWindow[]): number {
  return encodeBatch(batchOf(windows)).length;
}
