import { ReferenceProfile } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";

const feature = (name: string, changes: object = {}) => ({
  ...{ name, source: { tensor: "x", reduce: "element" } },
  ...{ edges: [], counts: [0], mean: 0, sd: 0, min: -1, max: 1, quantiles: true },
  ...changes,
});
const output = (confidence: object = {}, counts = [0, 0]) => ({
  ...{ name: "y", source: { tensor: "y" }, kind: "classification", classes: ["a", "b"], counts },
  confidence: { edges: [], counts: [0], ...confidence },
});
const learning = (changes: object = {}) => ({
  ...{ spec: 1, samples: 0, learning: true, features: [feature("a")], outputs: [output()] },
  ...changes,
});
const learned = { cohort: "site=canary", devices: 2, windows: 8, fromMs: 0, untilMs: 8 };
const learnt = (changes: object = {}) => ({
  ...{ spec: 1, samples: 5, provisional: true, learned, outputs: [] },
  features: [feature("a", { counts: [5], quantiles: false })],
  ...changes,
});
const confirmed = { ...learned, confirmed: { by: "A. Miller", atMs: 9 } };
const many = (count: number) => Array.from({ length: count }, (_, i) => feature(`f${i}`));
const isProfile = (value: object) => ReferenceProfile.safeParse(value).success;

describe("a learning profile", () => {
  test("has nothing but places, and up to 10 numbers with their quantiles", () => {
    expect(isProfile(learning())).toBe(true);
    expect(isProfile(learning({ features: many(10) }))).toBe(true);
  });

  test.each([
    ["a sample", { samples: 1 }],
    ["a count", { features: [feature("a", { counts: [1] })] }],
    ["a count of a class", { outputs: [output({}, [0, 1])] }],
    ["a count of confidence", { outputs: [output({ counts: [1] })] }],
    ["a threshold", { features: [feature("a", { threshold: 0.1 })] }],
    ["hours", { features: [feature("a", { seasonal: [] })] }],
    ["11 numbers with quantiles", { features: many(11) }],
    ["a mark of what was learnt", { provisional: true }],
    ["an origin", { learned: confirmed }],
  ])("with %s is refused", (_, changes) => {
    expect(isProfile(learning(changes))).toBe(false);
  });

  test("is the only one without samples", () => {
    expect(isProfile(learnt({ samples: 0 }))).toBe(false);
    expect(isProfile(learning({ learning: false }))).toBe(false);
  });
});

describe("a learnt profile", () => {
  test("is provisional, or somebody has confirmed it", () => {
    expect(isProfile(learnt())).toBe(true);
    expect(isProfile(learnt({ learned: confirmed, provisional: undefined }))).toBe(true);
  });

  test.each([
    ["whose mark was taken away by nobody", { provisional: undefined }],
    ["that is confirmed and provisional", { learned: confirmed }],
    [
      "confirmed by nobody",
      { provisional: undefined, learned: { ...confirmed, confirmed: { by: "", atMs: 9 } } },
    ],
    ["of no device", { learned: { ...learned, devices: 0 } }],
    ["of no window", { learned: { ...learned, windows: 0 } }],
    ["with quantiles of five numbers", { features: many(5) }],
  ])("%s is refused", (_, changes) => {
    expect(isProfile(learnt(changes))).toBe(false);
  });
});
