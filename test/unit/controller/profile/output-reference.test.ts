import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { isotonicShares } from "../../../../controller/src/domain/profile/isotonic.ts";
import { outputReference } from "../../../../controller/src/domain/profile/output-reference.ts";

interface IsotonicVector {
  readonly tries: readonly number[];
  readonly hits: readonly number[];
  /** Bins with tries. */
  readonly known: readonly number[];
  readonly shares: readonly number[];
}

const vectors = JSON.parse(
  await readFile(new URL("../../../vectors/profile/reference.json", import.meta.url), "utf8"),
) as { readonly isotonic: readonly IsotonicVector[] };

describe("rising shares", () => {
  test.each(vectors.isotonic)("are those of scikit-learn: $tries", ({
    tries,
    hits,
    known,
    shares,
  }) => {
    const ours = isotonicShares(hits, tries);

    for (const [index, bin] of known.entries())
      expect(ours[bin]).toBeCloseTo(shares[index] ?? -1, 10);
  });

  test("never fall, also over bins without tries", () => {
    const ours = isotonicShares([0, 3, 0, 1, 0], [0, 4, 0, 4, 0]);

    expect(ours).toEqual([0.5, 0.5, 0.5, 0.5, 0.5]);
    expect(isotonicShares([0, 1, 0, 4, 0], [0, 4, 0, 4, 0])).toEqual([0.25, 0.25, 0.25, 1, 1]);
  });

  test("of nothing tried are refused", () => {
    expect(() => isotonicShares([0, 0], [0, 0])).toThrow(RangeError);
  });
});

const rows = {
  name: "digit",
  tensor: "y",
  classes: ["a", "b"],
  predicted: Uint8Array.from([0, 1, 1, 255, 0]),
};

test("an output with labels and confidence says how often it is wrong, and in which bin right", () => {
  const made = outputReference({
    ...rows,
    labels: Uint8Array.from([0, 0, 1, 1, 255]),
    confidence: Float64Array.from([0.99, 0.51, 0.99, 0.99, 0.99]),
  });

  expect(made?.profile.counts).toEqual([2, 2]);
  expect(made?.profile.errorShare).toBeCloseTo(1 / 3, 15);
  expect(made?.profile.confidence.counts).toHaveLength(50);
  expect(made?.profile.confidence.counts[49]).toBe(3);
  expect(made?.profile.confidence.accuracy?.[0]).toBe(0);
  expect(made?.profile.confidence.accuracy?.[49]).toBe(1);
});

describe("bins of confidence", () => {
  const edgesOf = (classes: readonly string[], confidence: readonly number[]) =>
    outputReference({ ...rows, classes, confidence: Float64Array.from(confidence) })?.profile
      .confidence.edges ?? [];

  // The 25th part is less as a float32, the third and the tenth part are more.
  test.each([2, 3, 10, 25])("of %i classes lie from an equal share to 1", (count) => {
    const classes = Array.from({ length: count }, (_, i) => `c${i}`);
    const edges = edgesOf(classes, [Math.fround(1 / count), 0.9, Number.NaN, 0.7, 1]);

    expect(edges).toHaveLength(49);
    expect(edges[0]).toBeCloseTo(1 / count + (1 - 1 / count) / 50, 12);
    expect(edges[48]).toBeCloseTo(1 - (1 - 1 / count) / 50, 12);
  });

  test("lie from 0 to 1 where the answers are no shares of 1, and where there is one class", () => {
    const wholeRange = Array.from({ length: 49 }, (_, i) => (i + 1) / 50);

    expect(edgesOf(["a", "b"], [0.49, 0.9, 0.8, 0.7, 1])).toEqual(wholeRange);
    expect(edgesOf(["a", "b"], [0.5 - 2e-6, 0.9, 0.8, 0.7, 1])).toEqual(wholeRange);
    expect(edgesOf(["a"], [1, 1, 1, 1, 1])).toEqual(wholeRange);
  });
});

test("an output without labels says nothing of errors; without confidence it has one bin", () => {
  const made = outputReference(rows);

  expect(made?.profile.errorShare).toBeUndefined();
  expect(made?.profile.confidence).toEqual({ edges: [], counts: [4] });
});

test("an output whose labels are all missing says nothing of errors", () => {
  const made = outputReference({ ...rows, labels: new Uint8Array(5).fill(255) });

  expect(made?.profile.errorShare).toBeUndefined();
});

test("an output that never answered is none", () => {
  expect(outputReference({ ...rows, predicted: new Uint8Array(5).fill(255) })).toBeNull();
});
