import {
  digest8,
  encodedWindowBytes,
  type FeedbackWindow,
  mainSlot,
  Sha256,
  type TelemetryWindow,
  telemetryLimits,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { compactWindows } from "../../../../../../agent/src/domain/telemetry/waiting/compact-windows.ts";
import { mergeWindows } from "../../../../../../controller/src/domain/telemetry/merge-windows.ts";
import { type Random, seededRandom } from "../../../../../support/random.ts";
import { randomObservation, recorded } from "../../../../../support/telemetry/observations.ts";
import {
  dayStartMs,
  emptyWindow,
  hourMs,
  referenceOf,
  releaseDigest,
} from "../../../../../support/telemetry/windows.ts";

const seed = 26;
const quarterMs = 900_000;
const dayMs = 24 * hourMs;
const bytesMax = 440 * 1_024;

test(`T26: seven days at 15 minutes, and 90 more, take at most 440 KiB and lose no count (seed ${seed})`, () => {
  const random = seededRandom(seed);
  const templates = Array.from({ length: 8 }, () => measured(random, 16));
  for (const days of [7, 97]) {
    const windows = quarters(days, templates);
    const left = compactWindows(
      { windows, feedback: [] },
      { nowMs: dayStartMs + days * dayMs, bytesMax },
    );

    expect(left.dropped).toBe(0);
    expect(bytesOf(left.windows)).toBeLessThanOrEqual(bytesMax);
    expect(left.windows.length).toBeLessThanOrEqual(96 + 7 * 24 + 92);
    expect(countsOf(left.windows)).toEqual(countsOf(windows));
    // A quarter of an hour of the last day is still one.
    expect(left.windows.filter(({ durationMs }) => durationMs === quarterMs)).toHaveLength(96);
    expect(Math.max(...left.windows.map(({ durationMs }) => durationMs))).toBeLessThanOrEqual(
      dayMs,
    );
  }
});

test("merging again and again, as hours pass, gives the same counts", () => {
  const random = seededRandom(seed);
  const windows = quarters(10, [measured(random, 2)]);
  let left: readonly TelemetryWindow[] = [];
  for (const [i, window] of windows.entries()) {
    left = [...left, window];
    if (i % 16 !== 15) continue;
    const nowMs = window.startMs + quarterMs;
    left = compactWindows({ windows: left, feedback: [] }, { nowMs, bytesMax }).windows;
  }

  expect(countsOf(left)).toEqual(countsOf(windows));
  expect(left.length).toBeLessThanOrEqual(96 + 7 * 24 + 4);
});

test("where there is less room everything is coarser, and at last the oldest day goes and is counted", () => {
  const windows = quarters(5, [measured(seededRandom(seed), 4)]);
  const nowMs = dayStartMs + 5 * dayMs;
  const day = bytesOf(
    compactWindows({ windows, feedback: [] }, { nowMs, bytesMax: 3_000 }).windows,
  );
  const few = compactWindows({ windows, feedback: [] }, { nowMs, bytesMax: 3_000 });
  const none = compactWindows({ windows, feedback: [] }, { nowMs, bytesMax: day - 1 });

  expect(few.windows).toHaveLength(5);
  expect(few.dropped).toBe(0);
  expect(countsOf(few.windows)).toEqual(countsOf(windows));
  expect(none.windows.map(({ startMs }) => startMs)).toEqual(
    few.windows.slice(1).map(({ startMs }) => startMs),
  );
  expect(none.dropped).toBe(1);
});

test("a clock that was set back or forward by years loses no count", () => {
  const windows = quarters(5, [measured(seededRandom(seed), 4)]);
  for (const aheadMs of [-20 * 365 * dayMs, 20 * 365 * dayMs]) {
    const nowMs = dayStartMs + aheadMs;
    const left = compactWindows({ windows, feedback: [] }, { nowMs, bytesMax: 3_000 });

    expect(left.dropped).toBe(0);
    expect(left.windows).toHaveLength(5);
    expect(countsOf(left.windows)).toEqual(countsOf(windows));
  }
});

test("windows of two releases, of an unknown time or with other noise stay apart", () => {
  const old = { ...emptyWindow, startMs: dayStartMs, durationMs: quarterMs };
  const windows = [
    old,
    { ...old, release: digest8(Sha256.parse("12".repeat(32))) },
    { ...old, clockSynced: false },
    { ...old, profile: digest8(releaseDigest) },
    { ...old, epsilon: 1 },
    { ...old, sampleRate: 0.5 },
  ].flatMap((window) => [window, { ...window, startMs: dayStartMs + quarterMs }]);
  const left = compactWindows(
    { windows, feedback: [] },
    { nowMs: dayStartMs + 90 * dayMs, bytesMax },
  );

  expect(left.windows).toHaveLength(6);
});

test("what together is more than a window may count stays in two", () => {
  const full = {
    ...emptyWindow,
    durationMs: quarterMs,
    requests: telemetryLimits.requestsPerWindowMax,
  };
  const windows = [full, { ...full, startMs: dayStartMs + quarterMs, requests: 1 }];
  const left = compactWindows(
    { windows, feedback: [] },
    { nowMs: dayStartMs + 90 * dayMs, bytesMax },
  );

  expect(left.windows.map(({ requests }) => requests)).toEqual([full.requests, 1]);
});

test("labels add up by day too, each output by itself, and what the detectors said stays", () => {
  const labels = (quarter: number, changes: Partial<FeedbackWindow>): FeedbackWindow => ({
    ...{ slot: mainSlot, release: digest8(releaseDigest), output: 0, labelled: 10, errors: 3 },
    ...{ startMs: dayStartMs + quarter * quarterMs, durationMs: quarterMs, drift: [] },
    ...changes,
  });
  const feedback = [labels(1, {}), labels(2, { drift: ["adwin"] }), labels(3, { output: 1 })];
  const left = compactWindows(
    { windows: [], feedback },
    { nowMs: dayStartMs + 90 * dayMs, bytesMax },
  );

  expect(left.feedback).toEqual([
    labels(1, { durationMs: 2 * quarterMs, labelled: 20, errors: 6, drift: ["adwin"] }),
    labels(3, { output: 1 }),
  ]);
});

function measured(random: Random, features: number): TelemetryWindow {
  const observations = Array.from({ length: 60 }, () => randomObservation(random, features));
  const [window] = recorded(referenceOf(features), observations);
  if (window === undefined) throw new TypeError("expected one window");
  return window;
}

function quarters(days: number, templates: readonly TelemetryWindow[]): TelemetryWindow[] {
  return Array.from({ length: days * 96 }, (_, i) => ({
    ...(templates[i % templates.length] ?? emptyWindow),
    startMs: dayStartMs + i * quarterMs,
    durationMs: quarterMs,
  }));
}

function bytesOf(windows: readonly TelemetryWindow[]): number {
  return windows.reduce((sum, window) => sum + encodedWindowBytes(window), 0);
}

/** Every count of every sketch, added up by the controller's own rules. */
function countsOf(windows: readonly TelemetryWindow[]) {
  const merged = mergeWindows(windows);
  return {
    ...{ requests: merged.requests, items: merged.items, errors: merged.errors },
    latency: merged.latency,
    features: merged.features.map(({ counts, nan, missing, min, max }) => {
      return { counts, nan, missing, min, max };
    }),
    outputs: merged.outputs,
  };
}
