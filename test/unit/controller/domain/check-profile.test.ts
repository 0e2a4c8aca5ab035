import type { ReferenceProfile, ReleaseDocument } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { checkProfile } from "../../../../controller/src/domain/release/check-profile.ts";

const io: ReleaseDocument["io"] = {
  inputs: [
    { name: "x", dtype: "float32", shape: [-1, 4] },
    { name: "free", dtype: "float32", shape: [-1, -1] },
    { name: "colour", dtype: "string", shape: [-1, 1] },
  ],
  outputs: [
    { name: "y", dtype: "float32", shape: [-1, 3] },
    { name: "word", dtype: "string", shape: [-1] },
  ],
};

type Feature = ReferenceProfile["features"][number];
type Output = ReferenceProfile["outputs"][number];

function feature(source: Feature["source"]): ReferenceProfile {
  const one = { name: "f", source, edges: [], counts: [1], mean: 0, sd: 0, min: 0, max: 0 };
  return { spec: 1, samples: 1, features: [one], outputs: [] };
}

function category(source: { readonly tensor: string; readonly index?: number }): ReferenceProfile {
  const one = { name: "c", source, vocabulary: ["a"], counts: [1, 0] };
  return { spec: 1, samples: 1, features: [], outputs: [], categories: [one] };
}

function output(tensor: string, classes: readonly string[]): ReferenceProfile {
  const confidence = { edges: [], counts: [1] };
  const one: Output = {
    ...{ name: "o", source: { tensor }, kind: "classification", confidence },
    classes: [...classes],
    counts: classes.map(() => 0),
  };
  return { spec: 1, samples: 1, features: [], outputs: [one] };
}

describe("a profile is published when a device finds what it looks at", () => {
  test.each<[string, ReferenceProfile]>([
    ["the last element", feature({ tensor: "x", reduce: "element", index: 3 })],
    ["a whole range", feature({ tensor: "x", reduce: "mean", range: [0, 4] })],
    ["any projection", feature({ tensor: "x", reduce: "projection", index: 15, seed: 1 })],
    ["an element of a free tensor", feature({ tensor: "free", reduce: "element", index: 999 })],
    ["an output as a feature", feature({ tensor: "y", reduce: "element", index: 2 })],
    ["a tensor of texts as a category", category({ tensor: "colour" })],
    ["an element as a category", category({ tensor: "x", index: 3 })],
    ["a class for each value", output("y", ["a", "b", "c"])],
  ])("%s", (_what, profile) => {
    expect(() => checkProfile(profile, io)).not.toThrow();
  });
});

describe("a profile is refused when a device would find nothing at", () => {
  test.each<[string, ReferenceProfile, RegExp]>([
    ["a class twice", output("y", ["a", "b", "a"]), /expected each class once, got a twice/],
    [
      "one element more",
      feature({ tensor: "x", reduce: "element", index: 4 }),
      /at most 4 elements in x, got number 5/,
    ],
    [
      "a range one longer",
      feature({ tensor: "x", reduce: "mean", range: [0, 5] }),
      /at most 4 elements in x/,
    ],
    [
      "texts as numbers",
      feature({ tensor: "colour", reduce: "element" }),
      /expected a tensor of numbers, got texts in colour/,
    ],
    [
      "no such tensor",
      feature({ tensor: "z", reduce: "element" }),
      /feature f: expected a tensor of the model \(x, free, colour, y, word\), got z/,
    ],
    [
      "a category of no such tensor",
      category({ tensor: "z" }),
      /category c: expected a tensor of the model/,
    ],
    [
      "a category one element on",
      category({ tensor: "colour", index: 1 }),
      /at most 1 elements in colour, got number 2/,
    ],
    [
      "an input as an output",
      output("x", ["a", "b", "c", "d"]),
      /expected a tensor of the model \(y, word\), got x/,
    ],
    ["an output of texts", output("word", ["a", "b"]), /expected a tensor of numbers/],
    [
      "a class less than values",
      output("y", ["a", "b"]),
      /expected a class for each of the 3 values, got 2/,
    ],
  ])("%s", (_what, profile, why) => {
    expect(() => checkProfile(profile, io)).toThrow(
      expect.objectContaining({
        code: "PROFILE",
        message: expect.stringMatching(why) as string,
      }) as Error,
    );
  });
});
