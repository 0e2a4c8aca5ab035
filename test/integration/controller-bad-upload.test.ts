import { readdir } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { UploadPart } from "../../controller/src/app/release/upload.ts";
import { localPrincipal } from "../../controller/src/domain/access/principal.ts";
import { type ControllerWorld, controllerWorld } from "../support/controller/controller-world.ts";
import { refused } from "../support/controller/refused.ts";
import {
  goldenFile,
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

const flags = encodeOnnx({
  ...{ name: "flags", constants: [], nodes: [{ operation: "Not", inputs: ["x"], outputs: ["y"] }] },
  inputs: [{ name: "x", elementType: "bool", shape: [1] }],
  outputs: [{ name: "y", elementType: "bool", shape: [1] }],
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
    "golden cases with a number where the model says yes or no",
    () =>
      smallUpload(
        { selfTest: { file: "flags.json" } },
        {
          "model.onnx": flags,
          "flags.json": goldenFile({
            inputs: [{ name: "x", datatype: "BOOL", shape: [1], data: [1] }],
            outputs: [{ name: "y", datatype: "BOOL", shape: [1], data: [true] }],
            compare: { kind: "exact" },
          }),
        },
      ),
    "GOLDEN",
  ],
  [
    "golden cases nested otherwise than their shape",
    () =>
      smallUpload(
        {},
        {
          "golden.json": goldenFile({
            inputs: [
              {
                name: "x",
                datatype: "FP32",
                shape: [1, 4],
                data: [
                  [1, 1],
                  [1, 1],
                ],
              },
            ],
          }),
        },
      ),
    "GOLDEN",
  ],
  [
    "a profile of an unknown tensor",
    () => smallUpload({ drift: { baseline: "profile.json" } }, { "profile.json": strangeProfile }),
    "PROFILE",
  ],
];

test.each(
  cases,
)("an upload is refused, and nothing of it stays: %s", async (_what, upload, code) => {
  expect((await refused(world.publish.run(upload(), localPrincipal))).code).toBe(code);

  expect([
    ...(await readdir(world.folder.inside("blobs"))),
    ...(await readdir(world.folder.inside("partial"))),
  ]).toEqual([]);
  expect(await world.listReleases.run()).toEqual([]);
});
