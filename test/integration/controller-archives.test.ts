import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Problem, sha256 } from "@modelfleet/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { tarOf, tgzOf, zipOf } from "../support/archives.ts";
import { goldenFile, smallManifest, smallModel } from "../support/controller/upload.ts";
import { type InProcessController, startInProcess } from "../support/http/test-controller.ts";
import { formOf } from "../support/http/upload-form.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

let controller: InProcessController;
beforeAll(async () => {
  controller = await startInProcess();
});
afterAll(() => controller[Symbol.asyncDispose]());

const out = { name: "../../../../slipped.txt", content: "out of its folder" };
const absolute = { name: "/tmp/modelfleet-slipped.txt", content: "anywhere" };
const archives = {
  "zip with a way up": zipOf(out),
  "zip with an absolute path": zipOf(absolute),
  "tar with a way up": tarOf(out),
  "compressed tar with a way up": tgzOf(out),
} as const;

test.each(
  Object.entries(archives),
)("F40: a %s is no model, and nothing of it stays", async (_, bytes) => {
  const form = formOf({
    manifest: smallManifest,
    "model.onnx": bytes,
    "golden.json": goldenFile(),
  });

  const answer = await controller.fetch("/v1/releases", { method: "POST", body: form });

  expect(answer.status).toBe(422);
  expect(Problem.parse(await answer.json()).code).toBe("MODEL_FORMAT");
  expect(await slippedBelow(controller.folder)).toEqual([]);
  expect(existsSync(absolute.name)).toBe(false);
});

test.each(Object.entries(archives))("F40: a %s is no upload either", async (_, bytes) => {
  const headers = { "content-type": "application/zip" };

  const answer = await controller.fetch("/v1/releases", { method: "POST", headers, body: bytes });

  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
});

test.each(
  Object.entries(archives),
)("F40: a %s beside a good model is kept as the bytes it is, and never opened", async (kind, bytes) => {
  const form = formOf({
    manifest: { ...smallManifest, version: `1.0.0-${kind.replaceAll(" ", "-")}` },
    "model.onnx": smallModel,
    "golden.json": goldenFile(),
    labels: bytes,
  });

  const answer = await controller.fetch("/v1/releases", { method: "POST", body: form });

  expect(answer.status).toBe(201);
  const names = await readdir(controller.folder, { recursive: true });
  expect(names.filter((name) => name.includes("slipped"))).toEqual([]);
  expect(existsSync(absolute.name)).toBe(false);
  const kept = names.find((name) => name.endsWith(sha256(bytes))) ?? "";
  expect(bytes.equals(await readFile(join(controller.folder, kept)))).toBe(true);
});

test("the archives are real: a program that unpacks lists the way out", async () => {
  await using folder = await temporaryFolder();
  const path = folder.inside("slip.tar");
  await writeFile(path, archives["tar with a way up"]);

  expect(execFileSync("tar", ["-tPf", path], { encoding: "utf8" }).trim()).toBe(out.name);
});

/** Files of the archive, and whatever an upload leaves that is being looked into. */
async function slippedBelow(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.filter(
    (name) => name.includes("slipped") || /blobs\/(?:blobs|partial)\/.+/.test(name),
  );
}
