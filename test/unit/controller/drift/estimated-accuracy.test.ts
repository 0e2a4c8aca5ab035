import { expect, test } from "vitest";
import { z } from "zod";
import { accuracyVerdict } from "../../../../controller/src/domain/drift/accuracy-verdict.ts";
import { estimateAccuracy } from "../../../../controller/src/domain/drift/estimate-accuracy.ts";
import { isotonicShares } from "../../../../controller/src/domain/profile/isotonic.ts";
import { readVectors } from "../../../support/statistics/vectors.ts";
import { cellMs, outputOf } from "../../../support/telemetry/drift-cells.ts";

const Window = z.object({
  shift: z.number(),
  exact: z.number(),
  realised: z.number(),
  counts: z.array(z.number()),
});
const Vectors = z.object({
  tries: z.array(z.number()),
  hits: z.array(z.number()),
  windows: z.array(Window),
  flipped: z.array(Window),
  flippedErrors: z.array(z.string()),
});
const vectors = Vectors.parse(readVectors("cbpe.json"));

const sumOf = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
const errorShare = 1 - sumOf(vectors.hits) / sumOf(vectors.tries);
const output = {
  ...outputOf({
    edges: Array.from({ length: 49 }, (_, i) => 0.5 + (i + 1) / 100),
    counts: vectors.tries,
    accuracy: isotonicShares(vectors.hits, vectors.tries),
  }),
  errorShare,
};
const estimateOf = (counts: readonly number[]) =>
  estimateAccuracy(output, counts)?.accuracy ?? Number.NaN;
const meanOf = (values: readonly number[]) => sumOf(values) / values.length;

test("T23: from 50 bins, the estimate of accuracy is within 0.0025 of that from every confidence", () => {
  const gaps = vectors.windows.map(({ counts, exact }) => Math.abs(estimateOf(counts) - exact));

  expect(Math.max(...gaps)).toBeLessThanOrEqual(0.0025);
});

test("T23: 50 bins over 0 … 1, of which two classes can fill but 25, are within 0.005", () => {
  const pairs = (counts: readonly number[]) =>
    Array.from({ length: 25 }, (_, i) => (counts[2 * i] ?? 0) + (counts[2 * i + 1] ?? 0));
  const [tries, hits] = [pairs(vectors.tries), pairs(vectors.hits)];
  const edges = Array.from({ length: 24 }, (_, i) => 0.5 + (i + 1) / 50);
  const coarse = outputOf({ edges, counts: tries, accuracy: isotonicShares(hits, tries) });
  const gaps = vectors.windows.map(({ counts, exact }) =>
    Math.abs((estimateAccuracy(coarse, pairs(counts))?.accuracy ?? Number.NaN) - exact),
  );

  expect(Math.max(...gaps)).toBeLessThanOrEqual(0.005);
});

test("T23: under covariate shift of up to 2 sd, it is within 0.013 of the realised accuracy on average, of 1,000 answers", () => {
  const gaps = vectors.windows.map(({ counts, realised }) =>
    Math.abs(estimateOf(counts) - realised),
  );

  expect(meanOf(gaps)).toBeLessThanOrEqual(0.013);
  // The accuracy itself moves by far more than that.
  const realised = vectors.windows.map((window) => window.realised);
  expect(Math.max(...realised) - Math.min(...realised)).toBeGreaterThan(0.15);
});

test("T23: a flipped concept it cannot see: it stays at 0.70 and above, while nearly three of four answers are wrong", () => {
  expect(vectors.flipped.length).toBeGreaterThan(0);
  for (const { counts, realised } of vectors.flipped) {
    expect(estimateOf(counts)).toBeGreaterThanOrEqual(0.7);
    expect(realised).toBeLessThan(0.3);
  }
});

const cell = { startMs: 0, cellMs };
/** The verdict after so many labels, which came by tens. */
const afterLabels = (errors: string) => {
  const labels = (errors.match(/.{1,10}/g) ?? []).map((some, i) => ({
    startMs: i * cellMs,
    labelled: some.length,
    errors: some.replaceAll("0", "").length,
  }));
  const startMs = labels.at(-1)?.startMs ?? 0;
  return accuracyVerdict(output, { cohort: "fleet", cell: { ...cell, startMs }, labels });
};

test("T23: labels tell of the flipped concept within 450 of them", () => {
  const delays = vectors.flippedErrors.map((errors) => {
    let labels = 10;
    while (afterLabels(errors.slice(0, labels))?.status !== "BREACH" && labels < 1_000)
      labels += 10;
    return labels;
  });

  expect(Math.max(...delays)).toBeLessThanOrEqual(450);
});

test("labels as good as the reference's raise nothing, those that are too late do, and recovery shows", () => {
  const good = "0001".repeat(250);
  const bad = "0101".repeat(250);

  expect(afterLabels(good)?.status).toBe("OK");
  const during = afterLabels(good + bad);
  expect(during).toMatchObject({ status: "BREACH", level: 1, isConclusive: true, kind: "rate" });
  expect(during?.value).toBeGreaterThan(during?.limit ?? 1);
  expect(afterLabels(good + bad + "0".repeat(100))?.level).toBeLessThan(0.7);
});

test("what is told of a run of labels is counted from where its score was last 0", () => {
  const calm = "0".repeat(50);

  expect(afterLabels(`${calm}1111111111`)).toMatchObject({ items: 10, value: 1 });
  expect(afterLabels(`${calm}11111111111111100000`)).toMatchObject({ items: 20, value: 0.75 });
});

test("a cell without labels says nothing of accuracy, nor does a reference without", () => {
  const labels = [{ startMs: 0, labelled: 100, errors: 90 }];
  const later = { startMs: cellMs, cellMs };

  expect(accuracyVerdict(output, { cohort: "fleet", cell: later, labels })?.status).toBe(
    "INSUFFICIENT_DATA",
  );
  const none = [...labels, { startMs: cellMs, labelled: 0, errors: 0 }];
  expect(accuracyVerdict(output, { cohort: "fleet", cell: later, labels: none })?.status).toBe(
    "INSUFFICIENT_DATA",
  );
  const { errorShare: _, ...unlabelled } = output;
  expect(accuracyVerdict(unlabelled, { cohort: "fleet", cell, labels })).toBeUndefined();
});

test("without answers, or without labels in the reference, there is no estimate", () => {
  expect(
    estimateAccuracy(
      output,
      output.confidence.counts.map(() => 0),
    ),
  ).toBeNull();
  expect(estimateAccuracy(outputOf({ edges: [0.5], counts: [10, 20] }), [1, 2])).toBeNull();
});
