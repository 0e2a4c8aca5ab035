import { digest } from "../ledger.ts";
import type { World } from "../make-world.ts";
import type { Change } from "../prepared.ts";
import { filesDigest, type ReleaseDraft } from "./release-subject.ts";

interface Draft {
  readonly document: ReleaseDraft;
  readonly world: World;
}

const badPaths = [
  "../x",
  "/x",
  "a/../../x",
  "a\\..\\x",
  ".",
  "",
  "a/",
  "a\u0000b",
  "x".repeat(65),
  "trailing.",
  ".hidden",
  "a/b/c/d/e",
  "Z\u00fcrich",
  "a b",
];

export const releaseChanges: readonly Change<Draft>[] = [
  ["another fleet", true, () => ({ fleet: "6c6f7f0e-8a2d-4a54-9c0e-3b5a1f0d2c11" })],
  ["type desired", true, () => ({ type: "desired" })],
  ["spec 2", true, () => ({ spec: 2 })],
  ["another model", true, ({ document }) => ({ model: `${document.model}-2` })],
  ["a version in two parts", true, () => ({ version: "2.3" })],
  ["a lower security version", ({ document }) => document.securityVersion > 0, lowerSecurity],
  [
    "a higher security version",
    false,
    ({ document }) => ({ securityVersion: document.securityVersion + 1 }),
  ],
  ["security version -1", true, () => ({ securityVersion: -1 })],
  ["security version 2^53", true, () => ({ securityVersion: 2 ** 53 })],
  ["an unknown format", true, () => ({ format: "tflite" })],
  ["another class", true, ({ document }) => compat(document, { classes: ["cam-v3", "other"] })],
  [
    "a class that begins the same",
    true,
    ({ document, world }) => compat(document, { classes: [`${world.deviceClass}0`] }),
  ],
  ["no class", true, ({ document }) => compat(document, { classes: [] })],
  ["a class pattern", true, ({ document }) => compat(document, { classes: ["cam-*"] })],
  ["every class", false, ({ document }) => compat(document, { classes: ["none", "*"] })],
  [
    "a runtime without version",
    true,
    ({ document }) => compat(document, { runtime: "onnxruntime" }),
  ],
  ["no memory", true, ({ document }) => compat(document, { minMemoryMiB: 0 })],
  ["an operator set", false, ({ document }) => compat(document, { opset: 21, ir: 10 })],
  ["half an operator set", true, ({ document }) => compat(document, { opset: 0.5 })],
  ["63 MiB", true, ({ document }) => ({ limits: { ...document.limits, memoryMiB: 63 } })],
  ["no time to infer", true, ({ document }) => ({ limits: { ...document.limits, inferMs: 0 } })],
  ["no files", true, () => ({ files: [], digest: filesDigest([]) })],
  ["an entry not listed", true, () => ({ entry: "other.onnx" })],
  ["a self test not listed", true, () => ({ selfTest: { file: "other.json" } })],
  ["a baseline not listed", true, () => ({ drift: { baseline: "other.json" } })],
  ["a file of 0 bytes", true, (draft) => withFile(draft, { size: 0 })],
  ["a file above 4 GiB", true, (draft) => withFile(draft, { size: 2 ** 32 + 1 })],
  ["a file with a bad digest", true, (draft) => withFile(draft, { sha256: "0".repeat(63) })],
  ["one file more", false, (draft) => withFile(draft, {})],
  ["a case twin", true, (draft) => withFile(draft, { path: "MODEL.onnx" })],
  ["a file twice", true, ({ document }) => twice(document)],
  ["32 files", false, () => manyFiles(32)],
  ["33 files", true, () => manyFiles(33)],
  ["another digest", true, () => ({ digest: digest(Buffer.from("another")) })],
  ["files in another order", false, ({ document }) => ({ files: document.files.toReversed() })],
  ["a digest in the listed order", isOutOfOrder, listedOrder],
  ["no inputs", true, ({ document }) => ({ io: { ...document.io, inputs: [] } })],
  ["a shape of -2", true, ({ document }) => shape(document, [-2])],
  ["an unknown element type", true, ({ document }) => shape(document, [1], "complex64")],
  ...badPaths.map(
    (path): Change<Draft> => [
      `path ${JSON.stringify(path)}`,
      true,
      (draft) => withFile(draft, { path }),
    ],
  ),
];

function lowerSecurity({ document }: Draft) {
  return { securityVersion: Math.max(0, document.securityVersion - 1) };
}

function compat(document: ReleaseDraft, changed: object) {
  return { compat: { ...document.compat, ...changed } };
}

function shape(document: ReleaseDraft, dimensions: readonly number[], dtype = "float32") {
  return { io: { ...document.io, outputs: [{ name: "y", dtype, shape: dimensions }] } };
}

/** One file more, and the digest that covers it. */
function withFile({ document }: Draft, changed: object) {
  const added = { path: "added.bin", size: 1, sha256: digest(Buffer.from("added")), ...changed };
  const files = [...document.files, added];
  return { files, digest: filesDigest(files) };
}

function twice(document: ReleaseDraft) {
  const files = [...document.files, ...document.files.slice(0, 1)];
  const raw = files.toSorted((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)));
  return { files, digest: digest(Buffer.from(raw.map(({ sha256 }) => sha256).join(""), "hex")) };
}

function manyFiles(count: number) {
  const files = Array.from({ length: count }, (_, index) => ({
    path: index === 0 ? "model.onnx" : `part-${index}`,
    size: 1,
    sha256: digest(Buffer.from([index])),
  }));
  return { files, digest: filesDigest(files), selfTest: undefined, drift: undefined };
}

/** The files as they are listed are not sorted by path: a digest over that order is another. */
function listedOrder({ document }: Draft) {
  const raw = document.files.map(({ sha256 }) => sha256).join("");
  return { digest: digest(Buffer.from(raw, "hex")) };
}

function isOutOfOrder({ document }: Draft): boolean {
  const paths = document.files.map(({ path }) => path);
  return paths.join() !== paths.toSorted().join();
}
