import { ReleaseDocument, requirementsOf } from "@modelfleet/protocol";
import { expect, test } from "vitest";

const digest = "a".repeat(64);
const document = ReleaseDocument.parse({
  type: "release",
  spec: 1,
  fleet: "8f14e45f-ceea-467f-a0e6-2b1f2f0b1c11",
  createdAt: "2026-11-01T00:00:00Z",
  model: "digits",
  version: "1.0.0",
  securityVersion: 1,
  format: "onnx",
  entry: "model.onnx",
  compat: { classes: ["*"], runtime: "onnxruntime>=1.20", minMemoryMiB: 192, opset: 17 },
  limits: { memoryMiB: 256, loadMs: 20_000, inferMs: 1_000 },
  digest,
  files: [
    { path: "model.onnx", size: 1_000, sha256: digest },
    { path: "golden.json", size: 24, sha256: digest },
  ],
  io: {
    inputs: [{ name: "image", dtype: "float32", shape: [-1, 784] }],
    outputs: [{ name: "scores", dtype: "float32", shape: [-1, 10] }],
  },
});

test("a release document needs what its compat says, and room for all its files", () => {
  expect(requirementsOf(document)).toEqual({
    classes: ["*"],
    protocolMin: 1,
    agentMin: null,
    io: document.io,
    variants: [
      {
        format: "onnx",
        runtime: { family: "onnxruntime", range: ">=1.20" },
        opset: 17,
        ir: null,
        provider: null,
        memoryMiBMin: 192,
        sizeBytes: 1_024,
      },
    ],
  });
});

test("only a release that may stop the one before is said to replace it", () => {
  const mayReplace = (swap: object) =>
    requirementsOf({ ...document, swap }).variants[0]?.mayReplace;

  expect(mayReplace({ memory: "resource" })).toBe(true);
  expect(mayReplace({ memory: "availability" })).toBeUndefined();
});

test("what the device already holds needs no room", () => {
  expect(requirementsOf(document, 1_000).variants[0]?.sizeBytes).toBe(24);
  expect(requirementsOf(document, 5_000).variants[0]?.sizeBytes).toBe(0);
});
