import {
  decodeWindow,
  digest8,
  encodeWindow,
  latencyCount,
  mainSlot,
  type TelemetryWindow,
  telemetryLimits,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { createWindowRecorder } from "../../../../../../agent/src/domain/telemetry/windows/window-recorder.ts";
import {
  observation,
  recorded,
  recorderOf,
  rows,
} from "../../../../../support/telemetry/observations.ts";
import {
  dayStartMs,
  hourMs,
  profileDigest,
  referenceOf,
  releaseDigest,
} from "../../../../../support/telemetry/windows.ts";

const answer = Array.from({ length: 10 }, (_, i) => (i === 3 ? 0.9 : 0));

test("a window is aligned to UTC and ends when the next begins", () => {
  const windows = recordedAt([12 * 60_000, hourMs - 1, hourMs]);

  expect(windows.map(span)).toEqual([
    [0, hourMs, 2],
    [hourMs, 1, 1],
  ]);
});

test("an idle hour has no window", () => {
  expect(recordedAt([0, 3 * hourMs]).map(span)).toEqual([
    [0, hourMs, 1],
    [3 * hourMs, 1, 1],
  ]);
});

test("a tick closes a window whose time is over, and not one millisecond before", () => {
  const { recorder, windows } = recorderOf(null);
  recorder.observe(observation({}));

  recorder.tick(dayStartMs + hourMs - 1);
  expect(windows).toHaveLength(0);
  recorder.tick(dayStartMs + hourMs);
  expect(windows).toHaveLength(1);
  recorder.tick(dayStartMs + 2 * hourMs);
  expect(windows).toHaveLength(1);
});

test("after an early close the next window starts there: windows never overlap", () => {
  const { recorder, windows } = recorderOf(null);
  recorder.observe(observation({ nowMs: dayStartMs + 5 }));
  recorder.close(dayStartMs + 1_000);
  recorder.observe(observation({ nowMs: dayStartMs + 5_000 }));
  recorder.tick(dayStartMs + hourMs);

  expect(windows.map(span)).toEqual([
    [0, 1_000, 1],
    [1_000, hourMs - 1_000, 1],
  ]);
});

test("closing twice, or with nothing measured, makes no window", () => {
  const { recorder, windows } = recorderOf(null);
  recorder.close(dayStartMs);
  recorder.observe(observation({}));
  recorder.close(dayStartMs);
  recorder.close(dayStartMs);

  expect(windows).toHaveLength(1);
});

test("a clock set back closes the window with what it saw", () => {
  const back = recordedAt([30_000, 60_000, -5 * hourMs]);

  expect(back.map(span)).toEqual([
    [0, 60_000, 2],
    [-5 * hourMs, 1, 1],
  ]);
});

test("a step back within the window goes unnoticed", () => {
  expect(recordedAt([60_000, 30_000]).map(span)).toEqual([[0, 60_000, 2]]);
});

test("a full window is closed and the next request opens another", () => {
  const { recorder, windows } = recorderOf(null);
  const request = observation({});
  for (let i = 0; i < telemetryLimits.requestsPerWindowMax + 1; i++) recorder.observe(request);
  recorder.close(dayStartMs);

  expect(windows.map(({ requests }) => requests)).toEqual([
    telemetryLimits.requestsPerWindowMax,
    1,
  ]);
});

test("a window is of a known time only when every request of it was", () => {
  const synced = recorded(null, [observation({}), observation({ clockSynced: true })]);
  const mixed = recorded(null, [observation({ clockSynced: false }), observation({})]);

  expect(synced[0]?.clockSynced).toBe(true);
  expect(mixed[0]?.clockSynced).toBe(false);
});

test("windows name their release and their profile by short digests", () => {
  expect(recorded(null, [observation({})])[0]).toMatchObject({
    release: digest8(releaseDigest),
    profile: null,
    items: 0,
  });
  expect(recorded(referenceOf(1), [observation({})])[0]?.profile).toBe(digest8(profileDigest));
});

test("every item of a batch is counted, in features and outputs", () => {
  const inputs = [rows("x", [[-0.05], [0.05], [-5], [5], [Number.NaN]])];
  const outputs = [rows("y", [answer, answer, answer, answer, answer])];
  const [window] = recorded(referenceOf(1, 2), [observation({ inputs, outputs })]);

  expect(window).toMatchObject({ requests: 1, items: 5, sampleRate: 1 });
  expect(window?.features[0]).toMatchObject({ counts: [1, 1, 1, 1], nan: 1, missing: 0 });
  expect(window?.outputs[0]?.classCounts[3]).toBe(5);
});

test("a tensor that is not there, too narrow or too short is missing, item by item", () => {
  const reference = referenceOf(2, 2);
  const outputs = [rows("y", [answer, answer])];
  const absent = recorded(reference, [observation({ outputs })]);
  const narrow = recorded(reference, [observation({ inputs: [rows("x", [[1], [1]])], outputs })]);
  const short = recorded(reference, [observation({ inputs: [rows("x", [[1, 1]])], outputs })]);

  const missing = (windows: readonly TelemetryWindow[]) =>
    windows[0]?.features.map((feature) => feature.missing);
  expect(missing(absent)).toEqual([2, 2]);
  expect(missing(narrow)).toEqual([0, 2]);
  expect(missing(short)).toEqual([1, 1]);
});

test("a failed request counts in requests, errors and latency, and in no sketch", () => {
  const inputs = [rows("x", [[1]])];
  const failed = { inputs, errorCode: "DEADLINE_EXCEEDED" };
  const [window] = recorded(referenceOf(1), [observation(failed), observation(failed)]);

  expect(window).toMatchObject({
    requests: 2,
    items: 0,
    errors: [{ code: "DEADLINE_EXCEEDED", count: 2 }],
  });
  expect(window === undefined ? 0 : latencyCount(window.latency)).toBe(2);
  expect(window?.features[0]?.missing).toBe(0);
});

test("errors beyond fifteen codes, or of a strange form, are counted as OTHER", () => {
  const codes = Array.from({ length: 20 }, (_, i) => `CODE_${i}`);
  const all = ["lower case", "X".repeat(65), ...codes];
  const [window] = recorded(
    null,
    all.map((errorCode) => observation({ errorCode })),
  );

  expect(window?.errors).toHaveLength(telemetryLimits.errorCodesMax);
  expect(window?.errors.find(({ code }) => code === "OTHER")?.count).toBe(7);
  expect(window === undefined ? null : decodeWindow(encodeWindow(window))).toEqual(window);
});

test("nothing of a window is in the next", () => {
  const inputs = [rows("x", [[1]])];
  const outputs = [rows("y", [answer])];
  const [first, second] = recorded(referenceOf(1), [
    observation({ inputs, outputs }),
    observation({ inputs, outputs, nowMs: dayStartMs + hourMs }),
  ]);

  expect(second).toEqual({ ...first, startMs: dayStartMs + hourMs, durationMs: 1 });
});

test.each([
  telemetryLimits.windowMsMin - 1,
  telemetryLimits.windowMsMax + 1,
  1_500.5,
  Number.NaN,
])("a window of %d ms is refused", (windowMs) => {
  const options = { slot: mainSlot, release: releaseDigest, profile: null, onClosed: () => {} };
  expect(() => createWindowRecorder({ ...options, windowMs })).toThrow(RangeError);
});

/** Requests at these times after the start of the day. */
function recordedAt(timesMs: readonly number[]) {
  return recorded(
    null,
    timesMs.map((ms) => observation({ nowMs: dayStartMs + ms })),
  );
}

function span({ startMs, durationMs, requests }: TelemetryWindow) {
  return [startMs - dayStartMs, durationMs, requests];
}
