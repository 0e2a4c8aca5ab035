import { writeFile } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runProgram } from "../../controller/cli/program.ts";
import { json, serve, stopServing } from "../support/cli/fake-controller.ts";
import { recordedTerminal } from "../support/cli/recorded-terminal.ts";
import { goldenFile, smallManifest, smallModel } from "../support/controller/upload.ts";
import { driftProfile } from "../support/drift/drift-windows.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
  await write("model.onnx", smallModel);
  await write("golden.json", goldenFile());
  await write("release.json", smallManifest);
});
afterEach(async () => {
  await folder[Symbol.asyncDispose]();
  await stopServing();
});

const write = (name: string, content: Uint8Array | object) =>
  writeFile(folder.inside(name), content instanceof Uint8Array ? content : JSON.stringify(content));

/** A controller that reads each upload and answers with the problem. @returns sizes of the uploads */
async function publishTo(status: number, code: string) {
  const uploads: number[] = [];
  const url = await serve((incoming, outgoing) => {
    let bytes = 0;
    incoming.on("data", (chunk: Uint8Array) => (bytes += chunk.length));
    incoming.on("end", () => {
      uploads.push(bytes);
      json(outgoing, status, { type: "about:blank", title: "No", status, code, detail: "no" });
    });
  });
  const recorded = recordedTerminal({ MODELFLEET_URL: url });
  const exitCode = await runProgram(["release", "publish", folder.path], recorded.terminal);
  return { exitCode, uploads, err: recorded.err() };
}

test("who may not publish is told so before any file is sent", async () => {
  await write("model.onnx", smallModel);

  const { exitCode, uploads, err } = await publishTo(403, "NOT_PERMITTED");

  expect(exitCode).toBe(4);
  expect(err).toContain("NOT_PERMITTED");
  expect(uploads).toHaveLength(1);
  expect(uploads[0]).toBeLessThan(JSON.stringify(smallManifest).length + 512);
});

test("who may publish sends the files then", async () => {
  const { uploads } = await publishTo(422, "FILES");

  expect(uploads).toHaveLength(2);
  expect(uploads[1]).toBeGreaterThan((uploads[0] ?? 0) + smallModel.length);
});

interface Flaw {
  readonly what: string;
  readonly file: string;
  readonly content: Uint8Array | object;
  readonly manifest?: object;
  readonly message: RegExp;
}

const foreign = { name: "z", datatype: "FP32", shape: [1, 4], data: [1, 1, 1, 1] };
const flaws: readonly Flaw[] = [
  {
    ...{ what: "a model that is none", file: "model.onnx", content: new Uint8Array(8) },
    message: /model\.onnx/,
  },
  {
    ...{ what: "golden cases of another model", file: "golden.json" },
    content: goldenFile({ inputs: [foreign] }),
    message: /golden case four ones: expected a tensor for input x, got z/,
  },
  {
    ...{ what: "a profile that is none", file: "profile.json" },
    content: { ...driftProfile, samples: -1 },
    manifest: { drift: { baseline: "profile.json" } },
    message: /profile\.json: \/samples: expected a number of at least .*, got -1: make it with/,
  },
];

test.each(flaws)("$what is refused before anything is sent", async (flaw) => {
  await write("release.json", { ...smallManifest, ...flaw.manifest });
  await write(flaw.file, flaw.content);

  const { exitCode, uploads, err } = await publishTo(422, "FILES");

  expect(exitCode).toBe(1);
  expect(err).toMatch(flaw.message);
  expect(uploads).toEqual([]);
});
