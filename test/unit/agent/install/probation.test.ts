import { describe, expect, test } from "vitest";
import {
  defaultProbation,
  judgeProbation,
  type ProbationFacts,
  probationOf,
} from "../../../../agent/src/domain/install/probation.ts";

import { createLiveMeasures } from "../../../../agent/src/domain/serving/live-measures.ts";
import { floatTensor } from "../../../support/agent/floats.ts";
import { releaseDocument } from "../../../support/trust-fixtures.ts";

const rules = { ...defaultProbation, confirmMs: 1_000, judgedAnswersMin: 20 };
const judge = (facts: Partial<ProbationFacts>) =>
  judgeProbation(rules, { elapsedMs: 0, answered: 0, failed: 0, crash: null, ...facts });

test.each([
  ["one millisecond before the end it is open", { elapsedMs: 999, answered: 100 }, "open"],
  ["at the end it has passed, also when nobody asked", { elapsedMs: 1_000 }, "passed"],
  ["one crash is enough to fail", { elapsedMs: 1_000, answered: 100, crash: "SIGSEGV" }, "failed"],
  ["five failures in a hundred are borne", { elapsedMs: 1_000, answered: 95, failed: 5 }, "passed"],
  [
    "six are not, and need no end of the window",
    { elapsedMs: 1, answered: 94, failed: 6 },
    "failed",
  ],
  ["a single failure among nineteen says nothing yet", { answered: 18, failed: 1 }, "open"],
  ["two among twenty do", { answered: 18, failed: 2 }, "failed"],
  ["at the end a single failed answer counts", { elapsedMs: 1_000, failed: 1 }, "failed"],
])("%s", (_, facts, kind) => {
  expect(judge(facts).kind).toBe(kind);
});

describe("the live answers of a release on trial", () => {
  const live = (value: number) => {
    const trial = createLiveMeasures(releaseDocument());
    trial.observe({
      outputs: [floatTensor("y", [1, 10], new Array(10).fill(value))],
      latencyUs: 1,
    });
    return { trial, before: null, allowsNonFinite: false, looks: 1 };
  };

  test("end it as soon as they speak against it, and at the end of its time", () => {
    for (const elapsedMs of [0, 1_000]) {
      expect(judge({ elapsedMs, answered: 1, live: live(Number.NaN) })).toMatchObject({
        kind: "failed",
        failure: { code: "NON_FINITE" },
      });
    }
  });

  test("let it pass when they say nothing, or nobody measures them", () => {
    expect(judge({ elapsedMs: 1_000, answered: 1, live: live(1) }).kind).toBe("passed");
    expect(judge({ elapsedMs: 1_000, answered: 1, live: null }).kind).toBe("passed");
  });

  test("matter less than the end of its process", () => {
    expect(judge({ crash: "SIGSEGV", live: live(Number.NaN) })).toMatchObject({
      failure: { code: "RUNNER_CRASH" },
    });
  });
});

describe("what a release has signed for its probation", () => {
  test("takes the place of what the device has by itself, each by itself", () => {
    expect(probationOf(defaultProbation, { confirmMs: 60_000 })).toEqual({
      ...defaultProbation,
      confirmMs: 60_000,
    });
    expect(
      probationOf(defaultProbation, {
        ...{ judgedAnswersMin: 7, failedShareMax: 0, outputDistanceMax: 0 },
      }),
    ).toEqual({
      ...defaultProbation,
      judgedAnswersMin: 7,
      failedShareMax: 0,
      outputDistanceMax: 0,
    });
    expect(probationOf(defaultProbation)).toEqual(defaultProbation);
  });

  test("as a ratio of times is meant as it stands: nothing is added for a fast model", () => {
    expect(probationOf(defaultProbation, { p95RatioMax: 1.2 })).toMatchObject({
      p95RatioMax: 1.2,
      p95GrowthMsMin: 0,
    });
  });
});
