import { readdir, stat } from "node:fs/promises";
import { checkRelease, encodeBase64, ModelName, Sha256 } from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { localPrincipal } from "../../controller/src/domain/access/principal.ts";
import {
  type ControllerWorld,
  controllerWorld,
  published,
} from "../support/controller/controller-world.ts";
import { refused } from "../support/controller/refused.ts";
import { smallModel, smallUpload } from "../support/controller/upload.ts";
import { fleetRoot } from "../support/trust-fixtures.ts";

let world: ControllerWorld;
beforeEach(async () => {
  world = await controllerWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

const publish = (...changes: Parameters<typeof smallUpload>) =>
  world.publish.run(smallUpload(...changes), localPrincipal);
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
