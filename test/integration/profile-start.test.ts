import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ReferenceProfile, TensorSpec } from "@modelfleet/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runProgram } from "../../controller/cli/program.ts";
import { learningProfile } from "../../controller/src/domain/profile/learning/learning-profile.ts";
import { recordedTerminal } from "../support/cli/recorded-terminal.ts";
import { smallManifest, smallModel } from "../support/controller/upload.ts";
import { denseNetwork } from "../support/onnx/dense-network.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";
import { denseLayersModel } from "../support/tfjs/dense-layers-model.ts";

const x: TensorSpec = { name: "x", dtype: "float32", shape: [-1, 4] };
const y: TensorSpec = { name: "y", dtype: "float32", shape: [-1, 3] };
const { profile: learning } = learningProfile({ inputs: [x], outputs: [y] });

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder[Symbol.asyncDispose]());

const cli = async (...argv: readonly string[]) => {
  const { terminal, out, err } = recordedTerminal();
  return { code: await runProgram(argv, terminal), out: out(), err: err() };
};

const start = async (...flags: readonly string[]) => {
  await writeFile(folder.inside("model.onnx"), smallModel);
  const out = folder.inside("started.json");
  const done = await cli(
    "profile",
    "start",
    "--model",
    folder.inside("model.onnx"),
    "--out",
    out,
    ...flags,
  );
  const text = await readFile(out, "utf8").catch(() => "null");
  return { ...done, profile: JSON.parse(text) as ReferenceProfile | null };
};

test("looks into the model for what there is to measure", async () => {
  const { code, out, profile } = await start("--classes", "good,scratched,bent");
  expect(code).toBe(0);
  expect(profile).toEqual({
    ...learning,
    outputs: learning.outputs.map((of) => ({ ...of, classes: ["good", "scratched", "bent"] })),
  });
  expect(out).toContain("profile learn");
});

test("measures what it is told to", async () => {
  const { profile } = await start(
    "--feature",
    "lamp=x[3]",
    "mean(x[0-2])",
    "--category",
    "grade=x[1]:0,1,2",
  );
  expect(profile?.features.map(({ name, source }) => [name, source])).toEqual([
    ["lamp", { tensor: "x", reduce: "element", index: 3 }],
    ["mean(x[0-2])", { tensor: "x", reduce: "mean", range: [0, 2] }],
  ]);
  expect(profile?.categories).toMatchObject([
    { name: "grade", vocabulary: ["0", "1", "2"], counts: [0, 0, 0, 0] },
  ]);
});

test.each([
  [
    "a tensor that the model does not have",
    ["--feature", "z[0]"],
    "expected a tensor of the model (x, y), got z",
  ],
  ["an element beyond its last", ["--feature", "x[4]"], "expected at most 4 elements in x"],
  ["no place at all", ["--feature", "x"], "--feature: expected an element like lamp=x[3]"],
  ["words of nothing", ["--category", "x"], "--category: expected a tensor and its words"],
  [
    "other numbers of classes",
    ["--classes", "a,b"],
    "expected as many classes of output y as it has counts, 3, got 2",
  ],
  ["a name twice", ["--feature", "a=x[0]", "a=x[1]"], "expected each name once, got a twice"],
])("refuses %s", async (_, flags, why) => {
  const refused = await start(...flags);
  expect(refused.code).toBe(2);
  expect(refused.err).toContain(why);
});

test("refuses names of classes where no output has classes: nobody would notice that they are nowhere", async () => {
  const [path, out] = [folder.inside("one-number.onnx"), folder.inside("one-number.json")];
  await writeFile(path, denseNetwork({ layers: [4, 1], seed: 5 }));

  const refused = await cli(
    ...["profile", "start", "--model", path, "--out", out, "--classes", "good,bent"],
  );

  expect(refused.code).toBe(2);
  expect(refused.err).toContain("--classes: expected a model with one output of classes, got 0");
  await expect(readFile(out)).rejects.toThrow("ENOENT");
});

test("refuses what is no model", async () => {
  const path = folder.inside("no-model.onnx");
  await writeFile(path, "no model");
  for (const model of [path, folder.inside("nothing")]) {
    const refused = await cli(
      "profile",
      "start",
      "--model",
      model,
      "--out",
      folder.inside("n.json"),
    );
    expect(refused.code).toBe(1);
    expect(refused.err).toContain(model);
  }
});

test("looks into the model that a release folder names", async () => {
  const out = folder.inside("release.json");
  const done = await cli(
    "profile",
    "start",
    "--model",
    "examples/digits/releases/1.0.0",
    "--out",
    out,
  );

  expect(done).toMatchObject({ code: 0, err: "" });
  expect(await namesIn(out)).toEqual([["x.mean", "x.sd", "x.min", "x.max"], ["y"]]);
});

test("watches the answers of layers of TensorFlow.js where the release says their shape", async () => {
  const { files, io } = await denseLayersModel({ inputs: 4, hidden: 8, outputs: 3, seed: 11 });
  const { selfTest: _, ...plain } = smallManifest;
  const compat = { ...plain.compat, runtime: "tfjs>=4.0" };
  const manifest = { ...plain, format: "tfjs", entry: "model.json", compat };
  const named = async (changes: object) => {
    const release = folder.inside("tfjs");
    await mkdir(release, { recursive: true });
    for (const [name, bytes] of files) await writeFile(join(release, name), bytes);
    await writeFile(join(release, "release.json"), JSON.stringify({ ...manifest, ...changes }));
    const out = folder.inside("tfjs.json");
    const done = await cli("profile", "start", "--model", release, "--out", out);
    expect(done).toMatchObject({ code: 0, err: "" });
    return namesIn(out);
  };
  const [input, output] = [io.inputs[0]?.name ?? "", io.outputs[0]?.name ?? ""];
  const elements = [0, 1, 2, 3].map((at) => `${input}[${at}]`);

  expect(await named({ io })).toEqual([elements, [output]]);
  expect(await named({})).toEqual([elements, []]);
});

test.each([[" "], ["x".repeat(129)]])("who confirms a profile is not called %j", async (name) => {
  const refused = await cli("profile", "confirm", folder.inside("any.json"), "--by", name);
  expect(refused.code).toBe(2);
  expect(refused.err).toContain("--by: expected a name");
});

async function namesIn(path: string) {
  const profile = JSON.parse(await readFile(path, "utf8")) as ReferenceProfile;
  return [profile.features, profile.outputs].map((parts) => parts.map(({ name }) => name));
}
