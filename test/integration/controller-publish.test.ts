import { readdir, stat } from "node:fs/promises";
import { checkRelease, encodeBase64, ModelName, Sha256 } from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { UploadPart } from "../../controller/src/app/release/upload.ts";
import {
  type ControllerWorld,
  controllerWorld,
  published,
} from "../support/controller/controller-world.ts";
import { refused } from "../support/controller/refused.ts";
import {
  chunksOf,
  goldenFile,
  jsonBytes,
  smallManifest,
  smallModel,
  smallUpload,
  uploadOf,
} from "../support/controller/upload.ts";
import { fleetRoot } from "../support/trust-fixtures.ts";

let world: ControllerWorld;
beforeEach(async () => {
  world = await controllerWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

const publish = (...changes: Parameters<typeof smallUpload>) =>
  world.publish.run(smallUpload(...changes));
const filesKept = async () => [
  ...(await readdir(world.folder.inside("blobs"))),
  ...(await readdir(world.folder.inside("partial"))),
];

describe("a release that is published", () => {
  test("is signed, and passes the checks of a device of its class", async () => {
    const { release } = await published(world);

    const envelope = await world.readEnvelope.run(release);
    const document = checkRelease(fleetRoot(), envelope, {
      release,
      model: ModelName.parse("vision.defects"),
      deviceClass: "cam-v2",
      floor: 1,
    });
    expect(document.files.map(({ path }) => path)).toEqual(["golden.json", "model.onnx"]);
  });

  test("says what was found in the model: inputs, outputs, operator set and format", async () => {
    const { document } = await published(world);

    expect(document.io).toEqual({
      inputs: [{ name: "x", dtype: "float32", shape: [-1, 4] }],
      outputs: [{ name: "y", dtype: "float32", shape: [-1, 3] }],
    });
    expect(document.compat).toMatchObject({ opset: 17, ir: 8 });
  });

  test("has its files behind their digests, whole and in ranges, read-only", async () => {
    const { document } = await published(world);
    const file = document.files.find(({ path }) => path === "model.onnx");
    if (file === undefined) throw new Error("expected the model among the files");

    const blob = await world.readBlob.run(file.sha256);
    const read = async (fromByte: number, untilByte: number) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of blob.read({ fromByte, untilByte })) chunks.push(chunk);
      return encodeBase64(Buffer.concat(chunks));
    };

    expect(blob.sizeBytes).toBe(smallModel.length);
    expect(await read(0, smallModel.length)).toBe(encodeBase64(smallModel));
    expect(await read(17, 90)).toBe(encodeBase64(smallModel.subarray(17, 90)));
    expect(await read(5, 5)).toBe("");
    expect((await stat(world.folder.inside("blobs", file.sha256))).mode & 0o777).toBe(0o444);
    expect(await readdir(world.folder.inside("partial"))).toEqual([]);
  });

  test("published again with the same content is the release that is there", async () => {
    const first = await publish();
    await world.clock.advance(60_000);

    const second = await publish();

    expect([first.created, second.created]).toEqual([true, false]);
    expect(second.release).toEqual(first.release);
    expect(await world.listReleases.run()).toHaveLength(1);
  });

  test("published twice at once is one release", async () => {
    const both = await Promise.all([publish(), publish()]);

    expect(new Set(both.map(({ release }) => release.release)).size).toBe(1);
    expect(both.filter(({ created }) => created)).toHaveLength(1);
  });

  test("leaves its version to nobody else's content", async () => {
    await publish();

    const other = await refused(publish({ securityVersion: 2 }));

    expect(other.code).toBe("CONFLICT");
    expect(other.message).toContain("raise the version");
  });

  test("is listed by its model", async () => {
    await publish();
    await publish({ model: "audio.voice" });

    const listed = await world.listReleases.run(ModelName.parse("audio.voice"));
    expect(listed.map(({ document }) => document.model)).toEqual(["audio.voice"]);
  });
});

describe("an upload is refused, and nothing of it stays:", () => {
  const cases: readonly [string, () => AsyncIterable<UploadPart>, string][] = [
    [
      "a model that is not ONNX",
      () => smallUpload({}, { "model.onnx": Buffer.from("PK\u0003\u0004 zip") }),
      "MODEL_FORMAT",
    ],
    [
      "a model cut in the middle",
      () => smallUpload({}, { "model.onnx": smallModel.subarray(0, -1) }),
      "MODEL_FORMAT",
    ],
    ["an empty file", () => smallUpload({}, { "notes.txt": new Uint8Array(0) }), "FILES"],
    ["without its manifest", () => uploadOf({ "model.onnx": smallModel }), "MANIFEST"],
    ["with nothing in it", () => uploadOf({}), "MANIFEST"],
    ["a manifest that is not JSON", () => uploadOf({ manifest: Buffer.from("{") }), "MANIFEST"],
    ["a manifest with a wrong version", () => smallUpload({ version: "1" }), "MANIFEST"],
    ["a manifest too long", () => uploadOf({ manifest: new Uint8Array(65_537) }), "SIZE"],
    [
      "without the file the manifest names",
      () => uploadOf({ manifest: smallManifest, "model.onnx": smallModel }),
      "FILES",
    ],
    [
      "a file with a way out of its folder",
      () => smallUpload({}, { "../passwd": smallModel }),
      "FILES",
    ],
    ["a hidden file", () => smallUpload({}, { ".env": smallModel }), "FILES"],
    [
      "golden cases that are not JSON",
      () => smallUpload({}, { "golden.json": Buffer.from("[") }),
      "GOLDEN",
    ],
    [
      "golden cases of another shape",
      () =>
        smallUpload(
          {},
          {
            "golden.json": goldenFile({
              inputs: [{ name: "x", datatype: "FP32", shape: [1, 5], data: [1, 1, 1, 1, 1] }],
            }),
          },
        ),
      "GOLDEN",
    ],
    [
      "golden cases of an unknown output",
      () =>
        smallUpload(
          {},
          {
            "golden.json": goldenFile({
              outputs: [{ name: "z", datatype: "FP32", shape: [1, 3], data: [1, 2, 3] }],
            }),
          },
        ),
      "GOLDEN",
    ],
    [
      "golden cases with a number too few",
      () =>
        smallUpload(
          {},
          {
            "golden.json": goldenFile({
              outputs: [{ name: "y", datatype: "FP32", shape: [1, 3], data: [1, 2] }],
            }),
          },
        ),
      "GOLDEN",
    ],
    [
      "a profile of an unknown tensor",
      () =>
        smallUpload({ drift: { baseline: "profile.json" } }, { "profile.json": strangeProfile }),
      "PROFILE",
    ],
  ];

  test.each(cases)("%s", async (_what, upload, code) => {
    expect((await refused(world.publish.run(upload()))).code).toBe(code);

    expect(await filesKept()).toEqual([]);
    expect(await world.listReleases.run()).toEqual([]);
  });

  test("the same file twice", async () => {
    const part = () => ({ name: "model.onnx", stream: chunksOf(smallModel) });
    async function* twice(): AsyncGenerator<UploadPart> {
      yield* uploadOf({ manifest: smallManifest });
      yield part();
      yield await Promise.resolve(part());
    }

    expect((await refused(world.publish.run(twice()))).code).toBe("FILES");
    expect(await filesKept()).toEqual([]);
  });

  test("an upload that breaks off in the middle of a file", async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield smallModel.subarray(0, 100);
      await Promise.resolve();
      throw new Error("socket hang up");
    }
    async function* parts(): AsyncGenerator<UploadPart> {
      yield* uploadOf({ manifest: smallManifest, "golden.json": goldenFile() });
      yield { name: "model.onnx", stream: broken() };
    }

    const outcome = await refused(world.publish.run(parts()));

    expect(outcome.code).toBe("TRUNCATED");
    expect(outcome.message).toContain("publish again");
    expect(await filesKept()).toEqual([]);
  });
});

const strangeProfile = {
  spec: 1,
  samples: 10,
  features: [],
  outputs: [
    {
      name: "kind",
      source: { tensor: "z" },
      kind: "classification",
      classes: ["a", "b"],
      counts: [5, 5],
      confidence: { edges: [0.5], counts: [5, 5] },
    },
  ],
};

describe("the size of an upload", () => {
  test("is counted over all its files: the last byte that fits, and one more", async () => {
    const bytes = smallModel.length + jsonBytes(goldenFile()).length;
    await using exact = await controllerWorld({ uploadBytesMax: bytes });
    await using small = await controllerWorld({ uploadBytesMax: bytes - 1 });

    expect((await exact.publish.run(smallUpload())).created).toBe(true);
    expect((await refused(small.publish.run(smallUpload()))).code).toBe("SIZE");
    expect(await readdir(small.folder.inside("partial"))).toEqual([]);
  });
});

describe("after a controller was killed in the middle of an upload", () => {
  test("its files are gone at the next start, and published ones are there", async () => {
    const { document } = await published(world);
    const upload = await world.blobs.begin();
    await upload.write(new Uint8Array(10));
    const lost = await world.blobs.begin();
    await lost.write(new Uint8Array(20));
    await (await lost.finish()).commit();

    await world.recover.run();

    const kept = document.files.map(({ sha256 }) => sha256 as string);
    expect((await filesKept()).sort()).toEqual(kept.sort());
    expect(world.log.named("upload.recovered")).toMatchObject([
      { uploadsRemoved: 1, blobsRemoved: 1 },
    ]);
    await upload.discard();
    await lost.discard();
  });
});

describe("what is not there", () => {
  const nowhere = Sha256.parse("ee".repeat(32));

  test("is answered by name", async () => {
    expect((await refused(world.readBlob.run(nowhere))).code).toBe("BLOB_UNKNOWN");
    expect((await refused(world.showRelease.run(nowhere))).code).toBe("RELEASE_UNKNOWN");
    expect((await refused(world.readEnvelope.run(nowhere))).code).toBe("RELEASE_UNKNOWN");
  });
});
