import { readFile } from "node:fs/promises";
import { GoldenFile, InferRequest, ReferenceProfile } from "@modelfleet/protocol";
import { beforeAll, describe, expect, test } from "vitest";
import { accuracy, argmax, classify } from "../../examples/digits/classify.ts";
import { type Digit, type DigitSplit, loadDigits } from "../../examples/digits/dataset.ts";
import { profileFile } from "../../examples/digits/profile.ts";
import { recipes } from "../../examples/digits/recipes.ts";
import { trainClassifier } from "../../examples/digits/train-classifier.ts";
import { encodeDenseLayers } from "../support/onnx/dense-layers.ts";

const SEED = 7;
const releases = new URL("../../examples/digits/releases/", import.meta.url);
const fileOf = (version: string, file: string) => readFile(new URL(`${version}/${file}`, releases));

let split: DigitSplit;
beforeAll(async () => {
  split = await loadDigits();
});

async function heldOutAccuracy(version: string): Promise<number> {
  const chances = await classify(await fileOf(version, "model.onnx"), split.heldOut);
  return accuracy(chances, split.heldOut);
}

/** The largest amount by which an answer leaves atol + rtol·|expected|; at most 0 when every case holds. */
async function goldenExcess(version: string): Promise<number> {
  const { cases } = GoldenFile.parse(JSON.parse(String(await fileOf(version, "golden.json"))));
  const digits = cases.map(({ inputs }, label): Digit => {
    return { pixels: Float32Array.from(inputs[0]?.data as number[]), label };
  });
  const answers = await classify(await fileOf(version, "model.onnx"), digits);
  const excesses = cases.flatMap(({ outputs, compare }, i) => {
    if (compare.kind !== "allclose") throw new TypeError(`expected allclose, got ${compare.kind}`);
    const { atol, rtol } = compare;
    return (outputs[0]?.data as number[]).map((expected, c) => {
      const off = Math.abs((answers[i]?.[c] ?? Number.NaN) - expected);
      return off - atol - rtol * Math.abs(expected);
    });
  });
  return Math.max(...excesses);
}

test("2.0.0 recognises held-out digits, and clearly more of them than 1.0.0", async () => {
  const [first, second] = [await heldOutAccuracy("1.0.0"), await heldOutAccuracy("2.0.0")];

  expect(second).toBeGreaterThan(0.95);
  expect(first).toBeGreaterThan(0.85);
  expect(second - first).toBeGreaterThan(0.05);
});

test("4.0.0 is clearly worse than 2.0.0 on held-out digits", async () => {
  expect(await heldOutAccuracy("4.0.0")).toBeLessThan((await heldOutAccuracy("2.0.0")) - 0.15);
});

test.each(["1.0.0", "2.0.0", "4.0.0"])("%s passes its golden cases", async (version) => {
  expect(await goldenExcess(version)).toBeLessThanOrEqual(0);
});

test("3.0.0 loads, answers finite numbers and fails its golden cases by far", async () => {
  const chances = await classify(await fileOf("3.0.0", "model.onnx"), split.heldOut);

  expect(chances.every((row) => row.every(Number.isFinite))).toBe(true);
  expect(await goldenExcess("3.0.0")).toBeGreaterThan(0.5);
});

test("golden cases are held-out digits of their class", async () => {
  const { cases } = GoldenFile.parse(JSON.parse(String(await fileOf("2.0.0", "golden.json"))));

  const known = new Map(split.heldOut.map(({ pixels, label }) => [pixels.join(), label]));
  const labels = cases.map(({ inputs }) =>
    known.get(Float32Array.from(inputs[0]?.data as number[]).join()),
  );
  expect(labels).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

describe.each(["1.0.0", "2.0.0", "4.0.0"])("the profile of %s", (version) => {
  test("counts what the model answers to the digits it learnt from", async () => {
    const profile = ReferenceProfile.parse(
      JSON.parse(String(await fileOf(version, "profile.json"))),
    );
    const reference = recipes.find((recipe) => recipe.version === version)?.choose(split.training);

    const answers = await classify(await fileOf(version, "model.onnx"), reference ?? []);

    const counts = new Array<number>(10).fill(0);
    for (const row of answers) counts[argmax(row)] = (counts[argmax(row)] ?? 0) + 1;
    expect(profile.outputs[0]?.counts).toEqual(counts);
  });
});

test("the committed profile of 1.0.0 is what its digits and answers give, thresholds and all", async () => {
  const reference =
    recipes.find(({ version }) => version === "1.0.0")?.choose(split.training) ?? [];
  const answers = await classify(await fileOf("1.0.0", "model.onnx"), reference);

  const committed: unknown = JSON.parse(String(await fileOf("1.0.0", "profile.json")));

  expect(profileFile(reference, answers)).toEqual(committed);
});

test("the committed 1.0.0 is, byte for byte, what its recipe and the default seed give", async () => {
  const recipe = recipes.find(({ version }) => version === "1.0.0");
  if (recipe === undefined) throw new TypeError("expected a recipe for 1.0.0");

  const { hidden, output } = trainClassifier({
    recipe,
    training: split.training,
    seed: SEED,
    onEpoch: () => undefined,
  });

  const again = Buffer.from(encodeDenseLayers("digits", [hidden, output], "digit"));
  expect(again.equals(await fileOf("1.0.0", "model.onnx"))).toBe(true);
});

test("the README's seven is a held-out digit that 2.0.0 reads as a seven", async () => {
  const request = InferRequest.parse(
    JSON.parse(await readFile("examples/digits/seven.json", "utf8")),
  );
  const pixels = Float32Array.from(request.inputs[0]?.data as number[]);

  const [chances] = await classify(await fileOf("2.0.0", "model.onnx"), [{ pixels, label: 7 }]);

  expect(argmax(chances ?? new Float32Array())).toBe(7);
  expect(
    split.heldOut.some((digit) =>
      Buffer.from(digit.pixels.buffer, digit.pixels.byteOffset, digit.pixels.byteLength).equals(
        Buffer.from(pixels.buffer),
      ),
    ),
  ).toBe(true);
});
