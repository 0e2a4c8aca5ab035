import { expect, test } from "vitest";
import {
  defaultProbation,
  judgeProbation,
  type ProbationFacts,
} from "../../../../agent/src/domain/install/probation.ts";

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
