import { readFile, writeFile } from "node:fs/promises";
import { ReferenceProfile } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { makeFromFile } from "../../controller/cli/profile/make-from-file.ts";
import { profileJson } from "../../controller/cli/profile/profile-json.ts";
import { runProgram } from "../../controller/cli/program.ts";
import { recordedTerminal } from "../support/cli/recorded-terminal.ts";
import { answers, build, mixedRows } from "../support/profile/build-profile.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

test("a profile built from rows takes each column for what it looks like, and says so", async () => {
  const { profile, out, exitCode } = await build({
    rows: mixedRows(600),
    flags: [...answers, "--json"],
  });

  expect(exitCode).toBe(0);
  const answer = JSON.parse(out) as { columns: { name: string; use: string; place?: string }[] };
  expect(answer.columns.map(({ name, use, place }) => [name, use, place])).toEqual([
    ["n", "numbers", "x[0]"],
    ["level", "numbers", "x[1]"],
    ["sex", "categories", "x[2]"],
    ["colour", "words", "colour"],
    ["member", "categories", "x[3]"],
    ["id", "left out", undefined],
    ["y", "label", undefined],
    ["p", "prediction", undefined],
    ["c", "confidence", undefined],
  ]);
  expect(profile?.features.map(({ name }) => name)).toEqual(["n", "level"]);
  expect(profile?.features[1]).toMatchObject({
    source: { tensor: "x", reduce: "element", index: 1 },
    missingShare: 15 / 600,
  });
  expect(profile?.categories?.map(({ name, vocabulary }) => [name, vocabulary])).toEqual([
    ["sex", ["0", "1"]],
    ["colour", ['a "b", c', "blue", "red"]],
    ["member", ["0", "1"]],
  ]);
  expect(profile?.outputs[0]).toMatchObject({ name: "output", classes: ["0", "1", "2"] });
  expect(profile?.outputs[0]?.confidence.accuracy).toHaveLength(50);
  expect(profile?.outputs[0]?.errorShare).toBeGreaterThan(0.03);
  expect(profile?.outputs[0]?.errorShare).toBeLessThan(0.12);
  expect(profile?.calibration).toMatchObject({ windowItems: 500, replicates: 200, seed: 1 });
});

test("a profile built from rows is the same bytes for the same rows and seed, and others for another seed", async () => {
  const rows = mixedRows(600);
  const one = await build({ rows, flags: answers });

  expect((await build({ rows, flags: answers, there: one.text })).text).toBe(one.text);
  expect((await build({ rows, flags: [...answers, "--seed", "2"] })).text).not.toBe(one.text);
});

test.each([
  1, 13, 4_096,
])("a profile is the same bytes read %i bytes at a time", async (chunkBytes) => {
  await using folder = await temporaryFolder();
  const path = folder.inside("rows.csv");
  await writeFile(path, mixedRows(200));
  const config = { windowItems: 100, replicates: 200, predictionColumn: "p", labelColumn: "y" };
  const bytesOf = async (options: { readonly chunkBytes?: number }) => {
    const made = await makeFromFile({ path, config, onProgress: () => undefined, ...options });
    return profileJson(made.profile);
  };

  expect(await bytesOf({ chunkBytes })).toBe(await bytesOf({}));
});

test("a column whose quantiles are asked for is one of numbers, however few they are", async () => {
  const config = "columns: { sex: { quantiles: true }, n: { quantiles: false } }";
  const { profile } = await build({ rows: mixedRows(600), flags: answers, config });

  expect(profile?.features.map(({ name, quantiles }) => [name, quantiles])).toEqual([
    ["n", undefined],
    ["level", undefined],
    ["sex", true],
  ]);
});

test("a profile built from rows is the same of CSV and JSON Lines", async () => {
  const [header = "", ...lines] = mixedRows(600).trimEnd().split("\n");
  const plain = lines.map((line) => line.replace('"a ""b"", c"', "ab"));
  const names = header.split(",");
  const objects = plain.map((line) => {
    const cells = line.split(",");
    const member = (name: string, at: number) => {
      const cell = cells[at] ?? "";
      if (cell === "") return [name, null];
      if (name === "member") return [name, cell === "True"];
      return [name, name === "colour" || name === "id" || cell === "NaN" ? cell : Number(cell)];
    };
    return JSON.stringify(Object.fromEntries(names.map(member)));
  });

  const fromCsv = await build({ rows: [header, ...plain].join("\n"), flags: answers });
  const fromJson = await build({ rows: objects.join("\n"), file: "rows.jsonl", flags: answers });

  expect(fromJson.text).toBe(fromCsv.text);
});

test("a profile built from rows reads Parquet with its lists as an embedding, and texts that are no numbers", async () => {
  await using folder = await temporaryFolder();
  const recorded = recordedTerminal();
  const path = new URL("../vectors/profile/rows.parquet", import.meta.url).pathname;
  const out = folder.inside("p.json");

  const exitCode = await runProgram(
    ["profile", "build", path, "--out", out, "--embedding", "vector", "--time-column", "at"],
    recorded.terminal,
  );

  expect([exitCode, recorded.err()]).toEqual([0, ""]);
  const profile = ReferenceProfile.parse(JSON.parse(await readFile(out, "utf8")));
  const projection = profile.features.find(({ name }) => name === "vector.p3");
  expect(projection?.source).toEqual({
    tensor: "vector",
    reduce: "projection",
    index: 3,
    seed: 1,
  });
  expect(projection).toMatchObject({ missingShare: 1 / 6, nanShare: 1 / 6 });
  expect(profile.features.find(({ name }) => name === "level")).toMatchObject({
    nanShare: 2 / 6,
  });
  expect(profile.categories?.find(({ name }) => name === "colour")?.vocabulary).toEqual([
    "blue",
    "grün, hell",
    "red",
  ]);
  expect(recorded.out()).toContain("note: fewer rows than one window has");
});

test("a profile built from rows follows its config: names, tensors, kinds, classes, and what stands for nothing", async () => {
  const rows = "duration,code,skip,off,p,w\n1,7,1,2,yes,n/a\n2,8,3,4,no,1\n3,9,5,6,yes,2.5\n";
  const { profile, err } = await build({
    rows,
    config: [
      "tensor: features",
      "missing: [n/a]",
      "predictionColumn: p",
      "output: { name: verdict, tensor: label, classes: [no, yes, maybe] }",
      "columns:",
      "  duration: { type: numeric, name: length }",
      "  code: { type: categorical, vocabulary: ['7', '8'], tensor: codes }",
      "  skip: { type: unwatched }",
      "  off: { type: outside }",
    ].join("\n"),
  });

  expect(err).toBe("");
  expect(profile?.features.map(({ name, source }) => [name, source.tensor, source.index])).toEqual([
    ["length", "features", 0],
    ["w", "features", 2],
  ]);
  expect(profile?.categories).toMatchObject([
    { name: "code", source: { tensor: "codes" }, vocabulary: ["7", "8"], counts: [1, 1, 1] },
  ]);
  expect(profile?.outputs).toMatchObject([
    { name: "verdict", source: { tensor: "label" }, counts: [1, 2, 0] },
  ]);
});

test("a profile built from rows says in which order it took classes that have names, unless the config did", async () => {
  const rows = "a,p\n1.5,worn\n2.5,good\n3.5,worn\n";
  const flags = ["--prediction-column", "p"];
  const guessed = await build({ rows, flags });
  const said = await build({ rows, flags, config: "output: { classes: [worn, good] }" });
  const numbered = await build({ rows: "a,p\n1.5,0\n2.5,1\n3.5,2\n", flags });

  expect(guessed.out).toContain("note: classes stand in the order good, worn: if that is not");
  expect(said.out).not.toContain("classes stand in the order");
  expect(numbered.out).not.toContain("classes stand in the order");
});

test("a profile built from rows takes an answer that is no class for a feature of the output", async () => {
  const { profile } = await build({
    rows: `a,y,p\n${Array.from({ length: 99 }, (_, i) => `${i},${i},${i + 0.5}`).join("\n")}\n`,
    flags: ["--prediction-column", "p", "--label-column", "y"],
  });

  expect(profile?.features.map(({ name, source }) => [name, source.tensor])).toEqual([
    ["a", "x"],
    ["p", "y"],
  ]);
  expect(profile?.outputs).toEqual([]);
});

test("a profile built from rows takes whole numbers for categories up to twenty values, and for numbers from twenty-one on", async () => {
  const rows = (values: number) =>
    `a\n${Array.from({ length: 100 }, (_, i) => i % values).join("\n")}\n`;
  const twenty = (await build({ rows: rows(20) })).profile;
  const more = (await build({ rows: rows(21) })).profile;

  expect([twenty?.features.length, twenty?.categories?.length]).toEqual([0, 1]);
  expect([more?.features.length, more?.categories]).toEqual([1, undefined]);
});

test("a profile built from rows takes columns of zeros and ones beyond sixteen for numbers", async () => {
  const names = Array.from({ length: 20 }, (_, i) => `flag${i}`);
  const line = (one: number) => names.map((_, i) => (i + one) % 2).join(",");
  const { profile } = await build({ rows: `${names.join(",")}\n${line(0)}\n${line(1)}\n` });

  expect([profile?.categories?.length, profile?.features.length]).toEqual([16, 4]);
  expect(profile?.features[0]).toMatchObject({ name: "flag16", edges: [0.5], counts: [1, 1] });
});

test("a profile built from rows leaves out a column that no row has a value for, and keeps its place", async () => {
  const { profile, out } = await build({ rows: "a,b,c\n1.5,,2.5\n3.5,,4.5\n" });

  expect(profile?.features.map(({ source }) => source.index)).toEqual([0, 2]);
  expect(out).toMatch(/b +left out +no row has a value/);
});

test("a profile that was built is shown with its bars, and what is no profile is refused", async () => {
  await using folder = await temporaryFolder();
  const { text } = await build({ rows: mixedRows(600), flags: answers });
  await writeFile(folder.inside("p.json"), text);
  await writeFile(folder.inside("q.json"), '{"spec":1}');
  const [good, bad] = [recordedTerminal(), recordedTerminal()];

  expect(await runProgram(["profile", "show", folder.inside("p.json")], good.terminal)).toBe(0);
  expect(await runProgram(["profile", "show", folder.inside("q.json")], bad.terminal)).toBe(1);

  expect(good.out()).toMatch(/level +x\[1\] +█+/);
  expect(good.out()).toContain("600 samples");
  expect(bad.err()).toContain(
    "expected a reference profile: /samples: expected a number, got nothing",
  );
});
