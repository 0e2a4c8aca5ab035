import { readdir, readFile, stat } from "node:fs/promises";
import { GoldenFile, ReferenceProfile, ReleaseManifest } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";

const releases = new URL("../../../examples/digits/releases/", import.meta.url);
const versions = ["1.0.0", "2.0.0", "3.0.0", "4.0.0"];

async function json(version: string, file: string): Promise<unknown> {
  return JSON.parse(await readFile(new URL(`${version}/${file}`, releases), "utf8"));
}

const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);

test("there are four releases", async () => {
  expect((await readdir(releases)).sort()).toEqual(versions);
});

describe.each(versions)("release %s", (version) => {
  test("holds a small model, its manifest, its golden cases and its profile", async () => {
    const files = await readdir(new URL(version, releases));

    expect(files.sort()).toEqual(["golden.json", "model.onnx", "profile.json", "release.json"]);
    expect((await stat(new URL(`${version}/model.onnx`, releases))).size).toBeLessThan(250_000);
  });

  test("has a manifest the protocol accepts, for its own version", async () => {
    const manifest = ReleaseManifest.parse(await json(version, "release.json"));

    expect(manifest).toMatchObject({ model: "digits", version, securityVersion: 1 });
  });

  test("has one golden case for each digit, with probabilities", async () => {
    const golden = GoldenFile.parse(await json(version, "golden.json"));

    expect(golden.cases.map(({ name }) => name)).toEqual(
      Array.from({ length: 10 }, (_, label) => `a held-out ${label}`),
    );
    for (const { inputs, outputs } of golden.cases) {
      expect(inputs[0]?.data).toHaveLength(784);
      expect(total(outputs[0]?.data as number[])).toBeCloseTo(1, 4);
    }
  });

  test("has a profile in which every sample is counted once for each feature", async () => {
    const profile = ReferenceProfile.parse(await json(version, "profile.json"));

    const sums = profile.features.map(({ counts }) => total(counts));
    expect(sums).toEqual(new Array(9).fill(profile.samples));
    expect(profile.features.flatMap(({ counts }) => counts)).not.toContain(0);
  });

  test("has a profile in which every answer is counted once", async () => {
    const { outputs, samples } = ReferenceProfile.parse(await json(version, "profile.json"));

    expect(outputs).toHaveLength(1);
    expect(outputs.map(({ counts }) => total(counts))).toEqual([samples]);
    expect(outputs.map(({ confidence }) => total(confidence.counts))).toEqual([samples]);
  });
});
