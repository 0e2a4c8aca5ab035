import { readdir } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { localPrincipal } from "../../controller/src/domain/access/principal.ts";
import { type ControllerWorld, controllerWorld } from "../support/controller/controller-world.ts";
import { refused } from "../support/controller/refused.ts";
import { smallManifest, uploadOf } from "../support/controller/upload.ts";
import { denseLayersModel } from "../support/tfjs/dense-layers-model.ts";
import { identityGraph } from "../support/tfjs/graph-models.ts";
import { jsonBytes, type TfjsModel } from "../support/tfjs/tfjs-model.ts";

let world: ControllerWorld;
beforeEach(async () => {
  world = await controllerWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

const { selfTest: _, ...plain } = smallManifest;
const tfjsManifest = {
  ...plain,
  format: "tfjs",
  entry: "web/model.json",
  compat: { ...smallManifest.compat, runtime: "tfjs>=4.0" },
};

const layers = denseLayersModel({ inputs: 4, hidden: 8, outputs: 3, seed: 11 });
const graph = identityGraph("float32", 2);

/** The model in a folder of the release, as converters leave it. */
function publish({ files }: TfjsModel, manifest: object = {}) {
  const placed = [...files].map(([name, bytes]) => [`web/${name}`, bytes] as const);
  const parts = { manifest: { ...tfjsManifest, ...manifest }, ...Object.fromEntries(placed) };
  return world.publish.run(uploadOf(parts), localPrincipal);
}

describe("a model of TensorFlow.js that is published", () => {
  test("says of a graph what its signature says, and of operator sets nothing", async () => {
    const { release } = await publish(graph);

    expect(release.document.io).toEqual(graph.io);
    expect(release.document.compat).toEqual(tfjsManifest.compat);
    expect(release.document.files.map(({ path }) => path)).toEqual(["web/model.json"]);
  });

  test("says of layers what the file says, and of the shapes of their outputs what its publisher states", async () => {
    const { files, io } = await layers;

    const { release } = await publish({ files, io }, { io });

    expect(release.document.io).toEqual(io);
    expect(release.document.files.map(({ path }) => path)).toEqual([
      "web/group1-shard1of2.bin",
      "web/group1-shard2of2.bin",
      "web/model.json",
    ]);
  });

  test("is told what to add where the shapes are stated nowhere", async () => {
    const answer = refused(publish(await layers));

    expect(await answer).toMatchObject({ code: "MODEL_FORMAT" });
    expect((await answer).message).toMatch(/expected io in release\.json.*output classes.*"shape"/);
  });

  test("is refused when its publisher states what the file does not say", async () => {
    const { files, io } = await layers;
    const inputs = [{ name: "pixels_input", dtype: "float32", shape: [-1, 5] }];

    const answer = await refused(publish({ files, io }, { io: { ...io, inputs } }));

    expect(answer).toMatchObject({ code: "MODEL_FORMAT" });
    expect(answer.message).toContain("input pixels_input: float32 [-1,4], got float32 [-1,5]");
  });

  test("is refused for another family of runtimes, which no device could choose", async () => {
    const compat = smallManifest.compat;

    expect(await refused(publish(graph, { compat }))).toMatchObject({ code: "MANIFEST" });
  });
});

test.each([
  ["../../etc/passwd"],
  ["/etc/passwd"],
  ["https://example.org/w.bin"],
  ["..\\w.bin"],
  ["unlisted.bin"],
])("F42: a model that names its weights %s is not published, and nothing of it stays", async (path) => {
  const { files, io } = await layers;
  const json = JSON.parse(new TextDecoder().decode(files.get("model.json"))) as object;
  const group = { paths: [path], weights: [{ name: "w", shape: [1], dtype: "float32" }] };
  const changed = new Map([
    ...files,
    ["model.json", jsonBytes({ ...json, weightsManifest: [group] })] as const,
  ]);

  const answer = await refused(publish({ files: changed, io }, { io }));

  expect(answer).toMatchObject({ code: "MODEL_FORMAT" });
  expect(answer.message).toContain("expected weights in files of the release");
  expect(await readdir(world.folder.inside("blobs"))).toEqual([]);
  expect(await readdir(world.folder.inside("partial"))).toEqual([]);
});

test("a model.json that is not strict JSON is refused", async () => {
  const bytes = Buffer.from('{"format":"layers-model","format":"graph-model"}');

  const answer = await refused(publish({ ...graph, files: new Map([["model.json", bytes]]) }));

  expect(answer).toMatchObject({ code: "MODEL_FORMAT" });
});
