import type { SeasonalSlot } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { isCohortKey } from "../../../../controller/src/domain/drift/cohort-key.ts";
import {
  historyOf,
  mergeBack,
} from "../../../../controller/src/domain/drift/distribution/forward-merge.ts";
import { referenceFor } from "../../../../controller/src/domain/drift/distribution/reference-for.ts";
import { evaluateCell } from "../../../../controller/src/domain/drift/evaluate-cell.ts";
import { evaluationDefaults } from "../../../../controller/src/domain/drift/evaluation-policy.ts";
import { isSignalId } from "../../../../controller/src/domain/drift/signal.ts";
import { signalsOf } from "../../../../controller/src/domain/drift/signals-of.ts";
import { slotOf } from "../../../../controller/src/domain/drift/slot-of.ts";
import {
  cellMs,
  cellOf,
  evenFeature,
  featureOf,
  outputOf,
  profileOf,
} from "../../../support/telemetry/drift-cells.ts";

const hourMs = 3_600_000;
// A Monday at noon.
const noonMs = Date.UTC(2026, 0, 5, 12);
const slot = (hour: number, counts: number[]): SeasonalSlot => ({ weekend: false, hour, counts });

const seasonal = [slot(11, [900, 100]), slot(12, [2_000, 8_000])];
const feature = { ...featureOf("x", [2_900, 8_100]), seasonal };
const signalOf = (profile = profileOf([feature])) => {
  const [signal] = signalsOf(profile);
  if (signal === undefined) throw new RangeError("expected a signal");
  return signal;
};
const cell = { startMs: noonMs, cellMs };

/** The reference for cells that start so many cells before noon, with so many items each. */
function referenceOf(...parts: readonly (readonly [number, number])[]) {
  const cells = parts.map(([before, items]) =>
    cellOf(noonMs - before * cellMs, [[0, items, 0, 0]]),
  );
  const merged = mergeBack(signalOf(), historyOf(cells, cell), Number.POSITIVE_INFINITY);
  return referenceFor(signalOf(), merged, cell);
}

describe("the reference of a cell", () => {
  test("is that of its hour", () => {
    expect(referenceOf([0, 400])).toEqual({
      ...{ counts: [0, 2_000, 8_000, 0], slot: { weekend: false, hour: 12 } },
    });
  });

  test("is a mixture where cells of two hours were merged, as exact as the less exact allows", () => {
    const { counts } = referenceOf([0, 100], [1, 100]);

    // Shares 0.9 and 0.2, half each; 1 / (0.25/1000 + 0.25/10000) items.
    const items = 1 / (0.25 / 1_000 + 0.25 / 10_000);
    expect(counts[1]).toBeCloseTo(0.55 * items, 6);
    expect(counts[2]).toBeCloseTo(0.45 * items, 6);
  });

  test("is that of all hours where one of them has none, or too little", () => {
    expect(referenceOf([0, 100], [8, 100])).toEqual({ counts: [0, 2_900, 8_100, 0], slot: null });
    const thin = { ...feature, seasonal: [slot(12, [100, 199])] };
    const merged = mergeBack(signalOf(), historyOf([cellOf(noonMs, [[0, 9, 0, 0]])], cell), 1);
    expect(referenceFor(signalOf(profileOf([thin])), merged, cell).slot).toBeNull();
  });

  test("knows hours and weekends, UTC", () => {
    expect(slotOf(noonMs)).toEqual({ weekend: false, hour: 12 });
    expect(slotOf(noonMs - 36 * hourMs - 1)).toEqual({ weekend: true, hour: 23 });
    expect(slotOf(0)).toEqual({ weekend: false, hour: 0 });
  });
});

describe("cells that are merged", () => {
  const signal = signalOf(profileOf([evenFeature("x", 10)]));
  const even = (items: number) => [0, ...new Array<number>(10).fill(items / 10), 0];
  const itemsOf = (...starts: readonly number[]) => {
    const cells = starts.map((before) => cellOf(noonMs - before * cellMs, [even(100)]));
    return mergeBack(signal, historyOf(cells, cell), signal.samplesMin);
  };

  test("are as many as it takes, and no more", () => {
    expect(itemsOf(0, 1, 2, 3, 4)).toMatchObject({ items: 300, fromMs: noonMs - 2 * cellMs });
  });

  test("reach back a day from the end of the cell, and no further", () => {
    expect(itemsOf(0, 94, 95)).toMatchObject({ items: 300, fromMs: noonMs - 95 * cellMs });
    expect(itemsOf(0, 95, 96).items).toBe(200);
  });

  test("are none when the judged one is missing: the others have been judged before", () => {
    expect(itemsOf(1, 2, 3)).toMatchObject({ items: 0, fromMs: noonMs, untilMs: noonMs + cellMs });
  });

  test("are never less than nothing, whatever noise lies on them", () => {
    const noisy = cellOf(noonMs, [[-5, ...even(100).slice(1)]], { noisedWindows: 1, epsilon: 1 });
    const { counts, items } = mergeBack(signal, historyOf([noisy], cell), 1);

    expect(Math.min(...counts)).toBeGreaterThanOrEqual(0);
    expect(items).toBe(counts.reduce((sum, count) => sum + count, 0));
  });

  test("show a whole day only with something of each hour", () => {
    const hours = Array.from({ length: 96 }, (_, i) => cellOf(noonMs - i * cellMs, [even(100)]));

    expect(historyOf(hours, cell).hasDay).toBe(true);
    expect(
      historyOf(
        hours.filter((_, i) => i < 40 || i > 44),
        cell,
      ).hasDay,
    ).toBe(false);
  });
});

describe("signals of a profile", () => {
  const source = { tensor: "c" };
  const profile = profileOf([feature], {
    categories: [{ name: "kind", source, vocabulary: ["a", "b"], counts: [500, 300, 200] }],
    outputs: [outputOf({ edges: [0.5], counts: [9_000, 1_000] })],
  });

  test("are features, categories, classes and confidence", () => {
    expect(signalsOf(profile).map(({ id, labels }) => [id, labels])).toEqual([
      ["feature:x", ["< 0", "0 … 1", "1 … 2", "≥ 2"]],
      ["category:kind", ["a", "b", "other"]],
      ["output:answer:classes", ["no", "yes"]],
      ["output:answer:confidence", ["< 0.5", "≥ 0.5"]],
    ]);
  });

  test("are all judged, each by what windows hold of it", () => {
    const more = {
      categories: [{ counts: [400, 0, 600], missing: 0, distinctOther: [] }],
      outputs: [{ classCounts: [500, 500], confidenceCounts: [900, 100] }],
    };
    const verdicts = evaluateCell({
      profile: profile,
      cohorts: new Map([["fleet", [cellOf(noonMs, [[0, 200, 800, 0]], more)]]]),
      cellStartMs: noonMs,
      policy: evaluationDefaults,
    });

    expect(verdicts.map(({ signal, status }) => [signal, status])).toEqual([
      ["feature:x", "OK"],
      ["category:kind", "BREACH"],
      ["output:answer:classes", "OK"],
      ["output:answer:confidence", "OK"],
      ["quality:x", "OK"],
      ["errors", "OK"],
    ]);
  });

  test("and cohorts have names that can be told from other texts", () => {
    for (const id of [
      "feature:a",
      "category:a b",
      "output:y:classes",
      "errors",
      "quality:x",
      "accuracy:y",
    ]) {
      expect(isSignalId(id)).toBe(true);
    }
    for (const text of ["", "feature:", "output:y", "error", "output::classes"]) {
      expect(isSignalId(text)).toBe(false);
    }
    expect(["fleet", "class=cam", "site=hall=3"].every(isCohortKey)).toBe(true);
    expect(["", "=x", "fleets"].some(isCohortKey)).toBe(false);
  });
});
