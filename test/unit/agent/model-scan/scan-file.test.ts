import { writeFile } from "node:fs/promises";
import { onnxLimits } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { scanFile } from "../../../../agent/src/adapters/model-scan/scan-file.ts";
import { identity, plainModel } from "../../../support/onnx/hostile-models.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const never = new AbortController().signal;
const still = { monotonicMs: () => 0 };
const many = plainModel(Array.from({ length: 20_000 }, () => identity));

async function scan(onnx: Uint8Array, signal = never, clock = still) {
  await using folder = await temporaryFolder();
  const path = folder.inside("model");
  await writeFile(path, onnx);
  return await scanFile({ path, label: "model.onnx" }, signal, clock);
}

test("a model file says what it is, whatever its release says", async () => {
  const { ir, opset } = await scan(plainModel([identity], { ir: 9, opset: 21 }));

  expect([ir, opset]).toEqual([9, 21]);
});

test("timers run while a large file is looked through", async () => {
  let turns = 0;
  const count = () => {
    turns += 1;
    turning = setImmediate(count);
  };
  let turning = setImmediate(count);

  await scan(many);

  clearImmediate(turning);
  expect(turns).toBeGreaterThan(20);
});

test("a look that is called off ends with the reason", async () => {
  const stop = new AbortController();
  const calls = {
    monotonicMs: () => {
      stop.abort(new Error("a newer release came"));
      return 0;
    },
  };

  await expect(scan(many, stop.signal, calls)).rejects.toThrow("a newer release came");
});

test("a file that takes too long to look through is refused, and one in time is not", async () => {
  const late = (afterMs: number) => {
    let asked = 0;
    return { monotonicMs: () => (asked++ === 0 ? 0 : afterMs) };
  };

  await expect(scan(many, never, late(onnxLimits.scanMsMax + 1))).rejects.toMatchObject({
    code: "FORMAT",
  });
  await expect(scan(many, never, late(onnxLimits.scanMsMax))).resolves.toMatchObject({ ir: 8 });
});

test("a disk that does not give the file says nothing of the release", async () => {
  const gone = { path: "/nowhere/model", label: "model.onnx" };

  await expect(scanFile(gone, never, still)).rejects.toMatchObject({ code: "STORE_FAILED" });
});
