import { readdir } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PublishRelease } from "../../controller/src/app/release/publish-release.ts";
import type { UploadPart } from "../../controller/src/app/release/upload.ts";
import { localPrincipal } from "../../controller/src/domain/access/principal.ts";
import { StoreError } from "../../controller/src/domain/errors.ts";
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
import { encodeOnnx } from "../support/onnx/encode-onnx.ts";

let world: ControllerWorld;
beforeEach(async () => {
  world = await controllerWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

const filesKept = async () => [
  ...(await readdir(world.folder.inside("blobs"))),
  ...(await readdir(world.folder.inside("partial"))),
];

describe("of an upload that fails nothing stays:", () => {
  test("the same file twice", async () => {
    const part = () => ({ name: "model.onnx", stream: chunksOf(smallModel) });
    async function* twice(): AsyncGenerator<UploadPart> {
      yield* uploadOf({ manifest: smallManifest });
      yield part();
      yield await Promise.resolve(part());
    }

    expect((await refused(world.publish.run(twice(), localPrincipal))).code).toBe("FILES");
    expect(await filesKept()).toEqual([]);
  });

  test("two files whose paths differ in nothing but case", async () => {
    const twins = smallUpload({}, { "Golden.json": goldenFile() });

    expect((await refused(world.publish.run(twins, localPrincipal))).code).toBe("FILES");
    expect(await filesKept()).toEqual([]);
  });

  test("one file more than a release may have, before it is read", async () => {
    const names = Array.from({ length: 30 }, (_, i) => `extra/${i}.txt`);
    const extras = Object.fromEntries(names.map((name) => [name, Buffer.from(name)]));
    const read: string[] = [];
    async function* watched(): AsyncGenerator<UploadPart> {
      for await (const part of smallUpload({}, { ...extras, "one-more.txt": smallModel })) {
        yield { ...part, stream: noted(part, read) };
      }
    }

    expect((await refused(world.publish.run(watched(), localPrincipal))).code).toBe("FILES");
    expect(read).not.toContain("one-more.txt");
    expect((await world.publish.run(smallUpload({}, extras), localPrincipal)).created).toBe(true);
  });

  test("a model whose document would be too long to be signed", async () => {
    const long = (i: number) => `${["a", "b", "c"].map((x) => x.repeat(60)).join("/")}/${i}`;
    const files = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [`${long(i)}${"d".repeat(50)}`, Buffer.from(`${i}`)]),
    );
    const inputs = Array.from({ length: 20 }, (_, i) => `${i}${"n".repeat(250)}`);

    const outcome = await refused(
      world.publish.run(
        smallUpload({ selfTest: undefined }, { ...files, "model.onnx": wide(inputs) }),
        localPrincipal,
      ),
    );

    expect(outcome.code).toBe("SIZE");
    expect(outcome.message).toContain("shorter names");
    expect(await filesKept()).toEqual([]);
  });

  test("one that the database has no room for", async () => {
    const add = () => Promise.reject(new StoreError("NO_SPACE", "the disk is full"));
    const publishing = new PublishRelease({ ...world, releases: { ...world.releases, add } });

    expect((await refused(publishing.run(smallUpload(), localPrincipal))).code).toBe("NO_SPACE");

    expect(await filesKept()).toEqual([]);
  });

  test("one that the database has no room for, but for what another release needs", async () => {
    const { document } = await published(world);
    const add = () => Promise.reject(new StoreError("NO_SPACE", "the disk is full"));
    const publishing = new PublishRelease({ ...world, releases: { ...world.releases, add } });

    await refused(
      publishing.run(
        smallUpload({ version: "2.0.0" }, { "notes.txt": smallModel.subarray(9) }),
        localPrincipal,
      ),
    );

    const kept = document.files.map(({ sha256 }) => sha256 as string);
    expect((await filesKept()).sort()).toEqual(kept.sort());
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

    const outcome = await refused(world.publish.run(parts(), localPrincipal));

    expect(outcome.code).toBe("TRUNCATED");
    expect(outcome.message).toContain("publish again");
    expect(await filesKept()).toEqual([]);
  });
});

/** A model with these inputs, of which it gives back the first. */
function wide(inputs: readonly string[]): Uint8Array {
  const value = (name: string) => ({ name, elementType: "float32", shape: [1] }) as const;
  return encodeOnnx({
    ...{ name: "wide", constants: [], inputs: inputs.map(value), outputs: [value("y")] },
    nodes: [{ operation: "Identity", inputs: inputs.slice(0, 1), outputs: ["y"] }],
  });
}

async function* noted(part: UploadPart, read: string[]): AsyncGenerator<Uint8Array> {
  read.push(part.name);
  yield* part.stream;
}

describe("the size of an upload", () => {
  test("is counted over all its files: the last byte that fits, and one more", async () => {
    const bytes = smallModel.length + jsonBytes(goldenFile()).length;
    await using exact = await controllerWorld({ uploadBytesMax: bytes });
    await using small = await controllerWorld({ uploadBytesMax: bytes - 1 });

    expect((await exact.publish.run(smallUpload(), localPrincipal)).created).toBe(true);
    expect((await refused(small.publish.run(smallUpload(), localPrincipal))).code).toBe("SIZE");
    expect(await readdir(small.folder.inside("partial"))).toEqual([]);
  });
});
