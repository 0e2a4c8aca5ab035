import { DeviceFacts, type ReleaseDocument, runnerLimits, Sha256 } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import {
  estimateMemoryMiB,
  isTight,
  judgeRoom,
  type MemoryFacts,
  withReplaceable,
} from "../../../../agent/src/domain/install/memory-room.ts";
import { releaseDocument } from "../../../support/trust-fixtures.ts";

const MIB = 1_048_576;
const reserve = runnerLimits.memoryReserveMiB;
const native = { runtimes: [runtime("onnxruntime-node")] };
const wasmOnly = { runtimes: [runtime("onnxruntime-web")] };

function runtime(id: string) {
  return { id, version: "1.30.0", providers: ["cpu"], opsetMax: 0, irMax: 0 };
}

function release(modelMiB: number, changes: Partial<ReleaseDocument> = {}): ReleaseDocument {
  const file = (path: string, mib: number) => {
    return { path, size: mib * MIB, sha256: Sha256.parse("a".repeat(64)) };
  };
  const files = [file("model.onnx", modelMiB), file("golden.json", 500), file("base.json", 500)];
  return {
    ...releaseDocument({ selfTest: { file: "golden.json" }, drift: { baseline: "base.json" } }),
    limits: { memoryMiB: 4_096, loadMs: 1_000, inferMs: 1_000 },
    entry: files[0]?.path ?? "",
    ...changes,
    files,
  } as ReleaseDocument;
}

function memory(changes: Partial<MemoryFacts> = {}): MemoryFacts {
  const plenty = { availableMiB: 4_096, budgetMiB: null, runningMiB: 0, replaceableMiB: 0 };
  return { ...plenty, ...changes };
}

test("the estimate is 40 MiB and 1.3 times the model's own files; golden cases and profile do not count", () => {
  expect(estimateMemoryMiB(release(100), native)).toBe(170);
  expect(estimateMemoryMiB(release(10), native)).toBe(53);
});

test("what its publisher declares is the most a model is expected to take besides its runner", () => {
  const declared = { limits: { memoryMiB: 90, loadMs: 1_000, inferMs: 1_000 } };

  expect(estimateMemoryMiB(release(100, declared), native)).toBe(130);
  expect(estimateMemoryMiB(release(10, declared), native)).toBe(53);
});

test("a runtime in WebAssembly is expected to take 6.7 times the files: where there is no native one, and for TensorFlow.js", () => {
  expect(estimateMemoryMiB(release(100), wasmOnly)).toBe(710);
  expect(estimateMemoryMiB(release(100, { format: "tfjs" }), native)).toBe(710);
});

test.each([
  ["to the MiB", 170 + reserve, "enough"],
  ["but for one MiB", 169 + reserve, "short"],
])("a release that fits beside what runs %s", (_, availableMiB, kind) => {
  expect(judgeRoom(release(100), native, memory({ availableMiB }))).toMatchObject({ kind });
});

test.each([
  ["to the MiB", 270, "enough"],
  ["but for one MiB", 269, "short"],
])("a budget of the operator holds what runs and the new release %s", (_, budgetMiB, kind) => {
  const given = memory({ budgetMiB, runningMiB: 100, replaceableMiB: 0 });

  expect(judgeRoom(release(100), native, given)).toMatchObject({ kind });
});

test("the refusal says how much was expected and how much is there, and that a gap would help", () => {
  const given = memory({ budgetMiB: 200, runningMiB: 150, replaceableMiB: 150 });

  expect(judgeRoom(release(100), native, given)).toEqual({
    kind: "short",
    failure: {
      code: "INSUFFICIENT_MEMORY",
      detail:
        "expected 170 MiB of memory for its runner, got 50 MiB beside what runs; it would fit if the release that runs were stopped first",
    },
  });
});

const mayStop = release(100, { swap: { memory: "resource" } });

test.each([
  [
    "and only then, makes way",
    { budgetMiB: 200, runningMiB: 150, replaceableMiB: 150 },
    "after-stop",
  ],
  ["and before, needs no gap", { budgetMiB: 320, runningMiB: 150, replaceableMiB: 150 }, "enough"],
  [
    "but for one MiB, is refused",
    { budgetMiB: 169, runningMiB: 150, replaceableMiB: 150 },
    "short",
  ],
  [
    "but for what other slots take, is refused",
    { budgetMiB: 200, runningMiB: 150, replaceableMiB: 119 },
    "short",
  ],
  [
    "but nothing runs in its slot, is refused",
    { budgetMiB: 200, runningMiB: 150, replaceableMiB: 0 },
    "short",
  ],
])("a release made for a gap, that fits once its predecessor is stopped %s", (_, given, kind) => {
  expect(judgeRoom(mayStop, native, memory(given))).toMatchObject({ kind });
});

test("memory is tight when the device, or the budget, is overdrawn, and not before", () => {
  expect(isTight(memory({ availableMiB: reserve }))).toBe(false);
  expect(isTight(memory({ availableMiB: reserve - 1 }))).toBe(true);
  expect(isTight(memory({ budgetMiB: 100, runningMiB: 100 }))).toBe(false);
  expect(isTight(memory({ budgetMiB: 100, runningMiB: 101 }))).toBe(true);
});

test("only a release made for a gap is judged by the memory its predecessor takes", () => {
  const facts = DeviceFacts.parse({
    ...{ class: "cam-v2", target: "linux-x64-glibc", os: "linux", arch: "x64", node: "v24.0.0" },
    libc: { family: "glibc", version: "2.36" },
    ...{ cpuCores: 2, memoryMiB: 512, memoryAvailableMiB: 80, diskFreeMiB: 4_096 },
    ...{ runtimes: [], agentVersion: "0.1.0", protocol: 1 },
  });
  const given = memory({ availableMiB: 80, replaceableMiB: 120.5 });

  expect(withReplaceable(mayStop, facts, given).memoryAvailableMiB).toBe(200);
  expect(withReplaceable(release(100), facts, given).memoryAvailableMiB).toBe(80);
});
