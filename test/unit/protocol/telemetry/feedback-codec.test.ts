import {
  type Digest8,
  decodeBatch,
  decodeFeedback,
  digest8,
  encodeBatch,
  encodeFeedback,
  type FeedbackWindow,
  type SlotName,
  type TelemetryWindow,
  telemetryLimits,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { refusalOf } from "../../../support/telemetry/refusal-of.ts";
import {
  batchOf,
  dayStartMs,
  emptySketch,
  emptyWindow,
  profileDigest,
} from "../../../support/telemetry/windows.ts";

const profile = digest8(profileDigest);

test("categories, labels, a sample rate and the end of noise arrive as they were sent", () => {
  const distinctOther = new Uint8Array(48).fill(3);
  const window: TelemetryWindow = {
    ...{ ...emptyWindow, profile, sampleRate: 0.1 },
    categories: [
      { counts: [3, 0, 2], missing: 1, distinctOther },
      { counts: [0, 0], missing: 0, distinctOther: new Uint8Array(0) },
    ],
    features: [{ ...emptySketch, min: null, max: null }],
  };
  const noised: TelemetryWindow = {
    ...{ ...emptyWindow, profile, epsilon: 0.5 },
    categories: [{ counts: [-3, 7], missing: -1, distinctOther: new Uint8Array(0) }],
    features: [{ ...emptySketch, counts: [-5, 2, 900], nan: -2, missing: 1, min: null, max: null }],
    outputs: [{ classCounts: [-1, 4], confidenceCounts: [0, -9] }],
  };
  const labels: FeedbackWindow = {
    ...{ slot: emptyWindow.slot, release: emptyWindow.release, startMs: dayStartMs },
    ...{ durationMs: 900_000, output: 1, labelled: 40, errors: 40 },
    drift: ["adwin", "hddm_a"],
  };
  const sent = { ...batchOf([window, noised]), feedback: [labels, { ...labels, drift: [] }] };

  expect(decodeBatch(encodeBatch(sent))).toEqual(sent);
  expect(decodeFeedback(encodeFeedback(labels))).toEqual(labels);
});

const labelled: FeedbackWindow = {
  ...{ slot: emptyWindow.slot, release: emptyWindow.release, startMs: dayStartMs },
  ...{ durationMs: 900_000, output: 0, labelled: 4, errors: 1, drift: [] },
};

test.each<[string, Partial<FeedbackWindow>]>([
  ["output", { output: telemetryLimits.outputsMax }],
  ["labelled", { labelled: telemetryLimits.itemsPerWindowMax + 1 }],
  ["errors", { errors: 5 }],
  ["durationMs", { durationMs: telemetryLimits.windowMsMax + 1 }],
  ["startMs", { startMs: 2 ** 53 }],
  ["slot", { slot: "Main" as SlotName }],
  ["releaseDigest", { release: "" as Digest8 }],
])("labels whose %s is out of bounds are refused by that name", (field, changes) => {
  const bytes = encodeFeedback({ ...labelled, ...changes });

  expect(refusalOf(() => decodeFeedback(bytes))).toMatch(`telemetry feedback.${field}: `);
});

test("sixty-four labels fit a batch in the room that is kept for them, sixty-five are refused", () => {
  const widest = {
    ...{ ...labelled, labelled: 1e9, errors: 1e9, output: 7 },
    ...{ slot: "s".repeat(32) as SlotName, drift: ["adwin", "hddm_a"] as const },
  };
  const { feedbackPerBatchMax, feedbackBytesMax } = telemetryLimits;
  const batch = (length: number) => ({
    ...batchOf([]),
    feedback: Array.from({ length }, () => widest),
  });

  expect(encodeFeedback(widest).length + 4).toBeLessThanOrEqual(feedbackBytesMax);
  expect(decodeBatch(encodeBatch(batch(feedbackPerBatchMax))).feedback).toHaveLength(64);
  expect(refusalOf(() => decodeBatch(encodeBatch(batch(feedbackPerBatchMax + 1))))).toMatch(
    " feedback: ",
  );
});
