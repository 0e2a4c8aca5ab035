import { psi, type ReferenceProfile } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import {
  createSketchSet,
  openRequest,
  tensorsNamedBy,
} from "../../agent/src/domain/telemetry/windows/sketch-set.ts";
import type { Tensor } from "../../agent/src/domain/tensor.ts";
import { writeElements } from "../../agent/src/wire/string-elements.ts";
import { build } from "../support/profile/build-profile.ts";
import { seededRandom } from "../support/random.ts";

const ROWS = 800;
const EMBEDDED = 24;
const CLASSES = ["cat", "dog", "fox"];
const colours = ["red", "grün", "a, b"];

interface Row {
  /** As a file has them: all digits of a double. */
  readonly numbers: readonly number[];
  readonly colour: string;
  readonly embedding: readonly number[];
  readonly chances: readonly number[];
}

/** Values that a float32 rounds, that come again and again, and that are none. */
function rowsOf(seed: number): Row[] {
  const random = seededRandom(seed);
  return Array.from({ length: ROWS }, (_, row) => {
    const raw = CLASSES.map(() => random.next());
    const sum = raw.reduce((total, chance) => total + chance, 0);
    return {
      numbers: [
        random.normal() * 1e-3 + 0.1,
        random.below(3) === 0 ? 0.7 : random.next() / 3,
        row % 50 === 0 ? Number.NaN : random.below(100) / 10,
        random.below(5) - 2,
        random.below(2) * 1e30 * random.normal(),
      ],
      colour: colours[random.below(7)] ?? `rare${random.below(2)}`,
      embedding: Array.from({ length: EMBEDDED }, random.normal),
      chances: raw.map((chance) => chance / sum),
    };
  });
}

function csvOf(rows: readonly Row[]): string {
  const header = ["n0", "n1", "n2", "n3", "n4", "colour", "p", "c"];
  const embedded = Array.from({ length: EMBEDDED }, (_, i) => `e_${i}`);
  const lines = rows.map(({ numbers, colour, chances, embedding }) => {
    const confidence = Math.max(...chances);
    const answer = CLASSES[chances.indexOf(confidence)];
    return [...numbers, `"${colour}"`, answer, confidence, ...embedding].join(",");
  });
  return `${[...header, ...embedded].join(",")}\n${lines.join("\n")}\n`;
}

function float32(name: string, rows: readonly (readonly number[])[]): Tensor {
  const bytes = new Uint8Array(Float32Array.from(rows.flat()).buffer);
  return { name, dtype: "float32", shape: [rows.length, rows[0]?.length ?? 0], bytes };
}

function texts(name: string, words: readonly string[]): Tensor {
  const bytes = writeElements(words.map((word) => Buffer.from(word)));
  return { name, dtype: "string", shape: [words.length, 1], bytes };
}

/** What a device counts of the rows, some of them a request. */
function measure(profile: ReferenceProfile, rows: readonly Row[]) {
  const sketches = createSketchSet(profile);
  const named = tensorsNamedBy(profile);
  for (let from = 0; from < rows.length; from += 7) {
    const some = rows.slice(from, from + 7);
    const inputs = [
      float32(
        "x",
        some.map(({ numbers }) => numbers),
      ),
      texts(
        "colour",
        some.map(({ colour }) => colour),
      ),
      float32(
        "e",
        some.map(({ embedding }) => embedding),
      ),
    ];
    const outputs = [
      float32(
        "y",
        some.map(({ chances }) => chances),
      ),
    ];
    sketches.add(openRequest(named, inputs, outputs));
  }
  return sketches.take();
}

test("the rows a profile was made from have a PSI of 0 against it on a device, and others have not", async () => {
  const rows = rowsOf(41);
  const { profile, err } = await build({
    rows: csvOf(rows),
    config: "columns: { n3: { type: categorical } }",
    flags: ["--prediction-column", "p", "--confidence-column", "c", "--embedding", "e"],
  });
  if (profile === undefined) throw new TypeError(err);

  const same = measure(profile, rows);
  const other = measure(profile, rowsOf(42));

  expect(profile.features.map(({ name }) => name)).toHaveLength(4 + 8);
  for (const [index, feature] of profile.features.entries()) {
    const sketch = same.features[index];
    expect(sketch?.counts, feature.name).toEqual([0, ...feature.counts, 0]);
    expect(sketch?.nan, feature.name).toBe(Math.round(ROWS * (feature.nanShare ?? 0)));
    expect(sketch?.missing, feature.name).toBe(0);
    expect(psi([0, ...feature.counts, 0], sketch?.counts ?? [])).toBe(0);
    expect(psi([0, ...feature.counts, 0], other.features[index]?.counts ?? [])).toBeGreaterThan(0);
  }
  expect(profile.categories?.map(({ name }) => name)).toEqual(["n3", "colour"]);
  for (const [index, category] of (profile.categories ?? []).entries()) {
    expect(same.categories[index]?.counts, category.name).toEqual(category.counts);
  }
  const [output] = profile.outputs;
  expect(output?.classes).toEqual(CLASSES);
  expect(same.outputs[0]?.classCounts).toEqual(output?.counts);
  expect(same.outputs[0]?.confidenceCounts).toEqual(output?.confidence.counts);
});

test("a value on an edge of float32 falls on a device where the profile counted it", async () => {
  const values = [0.1, 0.2, 0.3, 0.6, 0.7, 0.9, 1.1, 16_777_217, 1e-45, 3.4e38, 3.5e38];
  const rows = values.map((value) => ({ ...(rowsOf(1)[0] as Row), numbers: [value, 0, 0, 0, 0] }));
  const { profile } = await build({ rows: `n0\n${values.join("\n")}\n` });
  if (profile === undefined) throw new TypeError("expected a profile");

  const [sketch] = measure(profile, rows).features;

  expect(sketch?.counts).toEqual([0, ...(profile.features[0]?.counts ?? []), 0]);
  expect(sketch?.nan).toBe(1);
});
