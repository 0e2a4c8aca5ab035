import {
  DeviceFacts,
  decideEligibility,
  declaredFor,
  type Requirements,
  targetCatalog,
  type VersionRange,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  InstalledRuntimes,
  isInstalled,
} from "../../../../agent/src/adapters/facts/installed-runtimes.ts";

const listed = (runtimes: InstalledRuntimes) =>
  runtimes.facts().map(({ id, version, providers }) => `${id} ${version} [${providers.join()}]`);

test("every runtime that the agent brings is among the facts, with its version and nothing proven", () => {
  expect(listed(new InstalledRuntimes())).toEqual([
    "onnxruntime-node 1.30.0 []",
    "onnxruntime-web 1.30.0 []",
    "tfjs 4.22.0 []",
  ]);
});

test("what has run is proven as a provider of its runtime", () => {
  const runtimes = new InstalledRuntimes();
  for (const id of ["onnxruntime-web", "tfjs-cpu", "tfjs-wasm"]) runtimes.proved(id);

  expect(listed(runtimes)).toEqual([
    "onnxruntime-node 1.30.0 []",
    "onnxruntime-web 1.30.0 [wasm]",
    "tfjs 4.22.0 [wasm,cpu]",
  ]);
});

test("what does not start is no fact of this device; TensorFlow.js stays while one of its ways is left", () => {
  const runtimes = new InstalledRuntimes();
  runtimes.down("onnxruntime-node");
  runtimes.down("tfjs-wasm");
  expect(listed(runtimes)).toEqual(["onnxruntime-web 1.30.0 []", "tfjs 4.22.0 []"]);

  runtimes.down("tfjs-cpu");
  expect(listed(runtimes)).toEqual(["onnxruntime-web 1.30.0 []"]);
});

test("a package is installed when its files are there", () => {
  expect(isInstalled("onnxruntime-web")).toBe(true);
  expect(isInstalled("@tensorflow/tfjs-node")).toBe(false);
});

describe("a device on which the native runtime does not start", () => {
  const runtimes = new InstalledRuntimes();
  runtimes.down("onnxruntime-node");
  const facts = DeviceFacts.parse({
    ...{ class: "cam-v2", target: "linux-x64-glibc", os: "linux", arch: "x64", node: "v24.0.0" },
    libc: { family: "glibc", version: "2.36" },
    ...{ cpuCores: 2, memoryMiB: 4_096, memoryAvailableMiB: 2_048, diskFreeMiB: 4_096 },
    runtimes: runtimes.facts(),
    ...{ agentVersion: "0.1.0", protocol: 1 },
  });
  const decide = (format: string, family: string, opset: number | null) => {
    const variant = {
      format,
      runtime: { family, range: ">=1.20" as VersionRange },
      opset,
      ir: null,
    };
    const room = { provider: null, memoryMiBMin: 1, sizeBytes: 1 };
    const required: Requirements = {
      ...{ classes: ["*"], protocolMin: 1, agentMin: null, io: { inputs: [], outputs: [] } },
      variants: [{ ...variant, ...room }],
    };
    return decideEligibility(declaredFor(targetCatalog, facts), facts, required);
  };

  test("may still be given what its WebAssembly build takes, and what TensorFlow.js does", () => {
    expect(decide("onnx", "onnxruntime", 26)).toMatchObject({ eligible: true });
    expect(decide("tfjs", "tfjs", null)).toMatchObject({ eligible: true });
  });

  test("may not be given what its WebAssembly build does not", () => {
    expect(decide("onnx", "onnxruntime", 27).reasons).toMatchObject([{ code: "OPSET" }]);
  });
});
