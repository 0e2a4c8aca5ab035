import { link, mkdir, symlink, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunnerHost } from "../../agent/src/ports/runner-host.ts";
import { scanning } from "../support/agent/scanning.ts";
import { denseContract, stageModel } from "../support/agent/staged-model.ts";
import { externalWeight, identity, plainModel } from "../support/onnx/hostile-models.ts";
import { loadOnnxruntime } from "../support/onnx/load-onnxruntime.ts";
import { bytesField, integerField, message, textField } from "../support/onnx/protobuf-writer.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const never = new AbortController().signal;
let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await temporaryFolder();
  await mkdir(folder.inside("secrets"));
  await writeFile(
    folder.inside("secrets", "key.bin"),
    Buffer.from(Float32Array.of(7, 7, 7, 7).buffer),
  );
  await mkdir(folder.inside("models"));
  const inModels = (name: string) => folder.inside("models", name);
  await writeFile(inModels("unlisted.bin"), Buffer.from(Float32Array.of(5, 5, 5, 5).buffer));
  await symlink(folder.inside("secrets", "key.bin"), inModels("symlink.bin"));
  await symlink(folder.inside("secrets"), inModels("folder"));
  await link(folder.inside("secrets", "key.bin"), inModels("hard.bin"));
});
afterAll(() => folder[Symbol.asyncDispose]());

const at = (location: string, more: Readonly<Record<string, string>> = {}) =>
  externalWeight({ location, ...more });
const elsewhere = message(
  textField(8, "w"),
  bytesField(13, message(textField(1, "location"), textField(2, "unlisted.bin"))),
);
/** A node whose attribute is a graph with this content. */
const withBody = (content: Uint8Array) =>
  bytesField(1, message(bytesField(5, message(bytesField(6, content)))));
const initializer = bytesField(5, elsewhere);

const forms: Readonly<Record<string, () => Uint8Array>> = {
  "a way up": () => at("../secrets/key.bin"),
  "an absolute path": () => at(folder.inside("secrets", "key.bin")),
  "a symbolic link": () => at("symlink.bin"),
  "a folder that is a symbolic link": () => at("folder/key.bin"),
  "a hard link": () => at("hard.bin"),
  "a device without end": () => at("/dev/zero"),
  "an offset at the end of all numbers": () =>
    at("unlisted.bin", { offset: "9223372036854775800", length: "16" }),
  "an address in memory": () => at("*/_ORT_MEM_ADDR_/*", { offset: "140737488355328" }),
  "a file that is not listed": () => at("unlisted.bin"),
  "a key that is a name of Python's": () => at("unlisted.bin", { __class__: "x" }),
  "its place alone": () => externalWeight({}),
  "a weight in the body of a loop": () =>
    plainModel([identity], { graph: [withBody(withBody(initializer))] }),
  "a weight of the training": () =>
    plainModel([identity], {
      model: [bytesField(20, message(bytesField(2, initializer)))],
    }),
  "the indices of a sparse weight": () =>
    plainModel([identity], {
      graph: [bytesField(15, message(bytesField(2, elsewhere), integerField(3, 4)))],
    }),
};

describe("S16: external data", () => {
  describe("F41: a model that names a file by", () => {
    test.each(
      Object.entries(forms),
    )("%s is refused before any runtime is given it", async (_, onnx) => {
      const given: unknown[] = [];
      const staged = await stageModel(folder.path, { onnx: onnx(), io: denseContract(4, 4) });

      const loading = hostThatRecords(given).load(staged, never, "trial");

      await expect(loading).rejects.toMatchObject({ code: "EXTERNAL_DATA" });
      expect(given).toEqual([]);
    });

    test("nothing is given to the runtime", async () => {
      const given: unknown[] = [];
      const staged = await stageModel(folder.path, {
        onnx: plainModel([identity]),
        io: denseContract(4, 4),
      });

      await expect(hostThatRecords(given).load(staged, never, "trial")).rejects.toThrow("given");

      expect(given).toEqual([staged]);
    });
  });
});

test("the models are real: without the scan the runtime reads the file beside them, and the weight through a hard link", async () => {
  const ort = await loadOnnxruntime();
  const sums: Record<string, unknown> = {};

  for (const name of ["unlisted.bin", "hard.bin"]) {
    const path = folder.inside("models", `${name}.onnx`);
    await writeFile(path, at(name));
    const session = await ort.InferenceSession.create(path, { logSeverityLevel: 4 });
    const x = new ort.Tensor("float32", new Float32Array(4), [1, 4]);
    sums[name] = [...((await session.run({ x }))["y"]?.data ?? [])];
    await session.release();
  }

  expect(sums).toEqual({ "unlisted.bin": [5, 5, 5, 5], "hard.bin": [7, 7, 7, 7] });
});

function hostThatRecords(given: unknown[]): RunnerHost {
  const host: RunnerHost = {
    load: (staged) => {
      given.push(staged);
      return Promise.reject(new Error("given to the runtime"));
    },
  };
  return scanning(host);
}
