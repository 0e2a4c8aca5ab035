import { describe, expect, test } from "vitest";
import { defaultProbation, probationOf } from "../../../../agent/src/domain/install/probation.ts";
import { judgeLive, type LiveFacts } from "../../../../agent/src/domain/rehearsal/judge-live.ts";
import {
  createLiveMeasures,
  type LiveMeasures,
} from "../../../../agent/src/domain/serving/live-measures.ts";
import { floatTensor } from "../../../support/agent/floats.ts";
import { seededRandom } from "../../../support/random.ts";
import { releaseDocument } from "../../../support/trust-fixtures.ts";

type Answer = { readonly latencyMs?: number; readonly class?: number; readonly value?: number };

/** A release of one output of ten classes, which has answered so. */
function measured(answers: readonly Answer[]) {
  const measures = createLiveMeasures(releaseDocument());
  for (const answer of answers) observe(measures, answer);
  return measures;
}

function observe(measures: LiveMeasures, answer: Answer): void {
  const { latencyMs = 4, class: chosen = 0, value = 1 } = answer;
  const y = Array.from({ length: 10 }, (_, i) => (i === chosen ? value : 0));
  measures.observe({ outputs: [floatTensor("y", [1, 10], y)], latencyUs: latencyMs * 1_000 });
}

const times = (count: number, answer: Answer) => Array.from({ length: count }, () => answer);
const judge = (
  trial: readonly Answer[],
  before: readonly Answer[] | null,
  changes: Partial<LiveFacts> = {},
  limits = defaultProbation,
) =>
  judgeLive(limits, {
    trial: measured(trial),
    looks: trial.length,
    before: before === null ? null : measured(before),
    allowsNonFinite: false,
    ...changes,
  });

describe("a number that is not finite", () => {
  test.each([
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ])("%d, once among a hundred, is one too many", (value) => {
    const trial = [...times(99, {}), { value }];

    expect(judge(trial, times(100, {}))).toMatchObject({ code: "NON_FINITE" });
    expect(judge(trial, null)).toMatchObject({ code: "NON_FINITE" });
  });

  test("is borne where the golden file allows it", () => {
    expect(judge([{ value: Number.NaN }], null, { allowsNonFinite: true })).toBeNull();
  });

  test("is borne as often as the release before gave it, and not when it is common now", () => {
    const nan = { value: Number.NaN };
    const before = [...times(990, {}), ...times(10, nan)];

    expect(judge([...times(97, {}), ...times(3, nan)], before)).toBeNull();
    expect(judge(times(100, nan), before)).toMatchObject({ code: "NON_FINITE" });
  });
});

describe("the time of answers", () => {
  const fast = times(200, { latencyMs: 10 });

  test("of three times the p95 before is borne, of more it is not", () => {
    expect(judge(times(200, { latencyMs: 30 }), fast)).toBeNull();
    const failure = judge(times(200, { latencyMs: 30.5 }), fast);

    expect(failure?.code).toBe("ROLLED_BACK");
    expect(failure?.detail).toBe("expected a p95 of at most 30 ms, got 30.5 ms; before, 10 ms");
  });

  test.each([
    ["of the trial", 99, 200],
    ["of the release before", 200, 99],
  ])("says nothing with 99 answers %s", (_, tried, known) => {
    const trial = times(tried, { latencyMs: 500 });

    expect(judge(trial, times(known, { latencyMs: 10 }))).toBeNull();
    expect(judge([...trial, trial[0] ?? {}], times(known + 1, { latencyMs: 10 }))).not.toBeNull();
  });

  test("of a very fast model may grow by five milliseconds, unless the release signed a ratio", () => {
    const before = times(200, { latencyMs: 0.2 });
    const trial = times(200, { latencyMs: 2 });

    expect(judge(trial, before)).toBeNull();
    expect(
      judge(trial, before, {}, probationOf(defaultProbation, { p95RatioMax: 3 })),
    ).toMatchObject({ code: "ROLLED_BACK" });
  });

  test("is not held against a release for a hiccup of the device", () => {
    const hiccup = [...times(180, { latencyMs: 10 }), ...times(20, { latencyMs: 900 })];

    expect(judge(hiccup, fast)).toBeNull();
  });
});

describe("the classes of answers", () => {
  const even = Array.from({ length: 1_000 }, (_, i) => ({ class: i % 10 }));

  test("that collapse into one are noticed within 150 answers", () => {
    expect(judge(times(20, { class: 5 }), even)).toBeNull();
    expect(judge(times(150, { class: 5 }), even)?.detail).toMatch(
      /^output y: expected its distance from the release before to be at most 0\.5, and 0\.\d+ by chance, got 0\.9$/,
    );
  });

  test("may differ as much as a release has signed, and no more", () => {
    const trial = Array.from({ length: 1_000 }, (_, i) => ({ class: i % 5 }));
    const signed = (outputDistanceMax: number) =>
      probationOf(defaultProbation, { outputDistanceMax });

    expect(judge(trial, even, {}, signed(0.5))).toBeNull();
    expect(judge(trial, even, {}, signed(0.2))).toMatchObject({ code: "ROLLED_BACK" });
  });

  test("say nothing where nothing was measured before", () => {
    expect(judge(times(1_000, { class: 5 }), null)).toBeNull();
  });
});

test("every rule bears a release that is as good as the one before it, on a busy device (seed 17)", () => {
  const random = seededRandom(17);
  // A heavy tail: what other programs of the device do.
  const draw = () => ({ class: random.below(10), latencyMs: 5 * Math.exp(random.normal()) });
  const strict = { p95RatioMax: 1, p95GrowthMsMin: 0, outputDistanceMax: 0 };
  let alarms = 0;
  for (let device = 0; device < 30; device++) {
    const facts = { before: measured(Array.from({ length: 500 }, draw)), allowsNonFinite: false };
    const trial = measured([]);
    for (let look = 0; look < 20; look++) {
      for (let i = 0; i < 40; i++) observe(trial, draw());
      if (judgeLive(strict, { ...facts, trial, looks: trial.answered() }) !== null) alarms += 1;
    }
  }

  expect(alarms).toBe(0);
});
