import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { blobLimits, Problem, Release, ReleaseList } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { goldenFile, smallManifest, smallModel } from "../support/controller/upload.ts";
import { eventually } from "../support/eventually.ts";
import { openRaw } from "../support/http/raw-http.ts";
import { type InProcessController, startInProcess } from "../support/http/test-controller.ts";
import { formOf, publishSmall, smallForm } from "../support/http/upload-form.ts";

function upload(controller: InProcessController, body: FormData): Promise<Response> {
  return controller.fetch("/v1/releases", { method: "POST", body });
}

/** Every file below the folder of blobs. */
async function filesKept(controller: InProcessController): Promise<readonly string[]> {
  const entries = await readdir(join(controller.folder, "blobs"), {
    recursive: true,
    withFileTypes: true,
  });
  return entries.filter((entry) => entry.isFile()).map(({ name }) => name);
}

test("an upload becomes a signed release that is listed and found by its digest", async () => {
  await using controller = await startInProcess();

  const answer = await upload(controller, smallForm());

  expect(answer.status).toBe(201);
  const release = Release.parse(await answer.json());
  expect(release.document).toMatchObject({ model: "vision.defects", version: "1.0.0" });
  const list = ReleaseList.parse(await (await controller.fetch("/v1/releases")).json());
  expect(list.releases).toEqual([release]);
  const shown = await controller.fetch(`/v1/releases/${release.release}`);
  expect(Release.parse(await shown.json())).toEqual(release);
  expect(await filesKept(controller)).toHaveLength(2);
});

test("the same upload again is the same release and answers 200", async () => {
  await using controller = await startInProcess();
  const first = await publishSmall(controller);

  const again = await upload(controller, smallForm());

  expect(again.status).toBe(200);
  expect(Release.parse(await again.json())).toEqual(first);
});

test("a list of releases is of one model when it is named", async () => {
  await using controller = await startInProcess();
  await publishSmall(controller);
  await publishSmall(controller, { model: "audio.words" });

  const answer = await controller.fetch("/v1/releases?model=audio.words");

  const { releases } = ReleaseList.parse(await answer.json());
  expect(releases.map(({ document }) => document.model)).toEqual(["audio.words"]);
});

const refusals = [
  {
    what: "a file before the manifest",
    form: () => formOf({ "model.onnx": smallModel }),
    status: 422,
    code: "MANIFEST",
  },
  {
    what: "a manifest that is no manifest",
    form: () => smallForm({ format: "tflite" }),
    status: 422,
    code: "MANIFEST",
  },
  {
    what: "a manifest above its limit",
    form: () => smallForm({ extra: "x".repeat(blobLimits.manifestBytesMax) }),
    status: 413,
    code: "SIZE",
  },
  {
    what: "a missing file",
    form: () => formOf({ manifest: smallManifest }),
    status: 422,
    code: "FILES",
  },
  {
    what: "a path out of the release",
    form: () => smallForm({}, { "../model.onnx": smallModel }),
    status: 422,
    code: "FILES",
  },
  {
    what: "a model that is not ONNX",
    form: () => smallForm({}, { "model.onnx": new Uint8Array(1_000).fill(7) }),
    status: 422,
    code: "MODEL_FORMAT",
  },
  {
    what: "other content under a version that is taken",
    form: () => smallForm({ securityVersion: 2 }),
    status: 409,
    code: "CONFLICT",
    before: true,
  },
] as const;

test.each(refusals)("$what is refused with $code and leaves no file", async (refusal) => {
  await using controller = await startInProcess();
  if ("before" in refusal) await publishSmall(controller);
  const filesBefore = await filesKept(controller);

  const answer = await upload(controller, refusal.form());

  expect(answer.status).toBe(refusal.status);
  expect(Problem.parse(await answer.json()).code).toBe(refusal.code);
  expect(await filesKept(controller)).toEqual(filesBefore);
  expect(controller.defects).toEqual([]);
});

test("a refusal in the middle of a long upload reaches the sender", async () => {
  await using controller = await startInProcess();
  const long = new Uint8Array(20 * 1_024 * 1_024);

  const answer = await upload(
    controller,
    smallForm({}, { "../bad": smallModel, "model.onnx": long }),
  );

  expect(answer.status).toBe(422);
  expect(Problem.parse(await answer.json()).code).toBe("FILES");
  expect(await filesKept(controller)).toEqual([]);
});

/** The bytes of a form, so that a test can break off inside them. */
async function encoded(form: FormData): Promise<{ type: string; bytes: Buffer }> {
  const response = new Response(form);
  const type = response.headers.get("content-type") ?? "";
  return { type, bytes: Buffer.from(await response.arrayBuffer()) };
}

test("an upload whose body ends before its last boundary is refused and leaves no file", async () => {
  await using controller = await startInProcess();
  const { type, bytes } = await encoded(smallForm());

  for (const length of [bytes.length - 60, Math.floor(bytes.length / 2), 40]) {
    const answer = await controller.fetch("/v1/releases", {
      method: "POST",
      headers: { "content-type": type },
      body: new Uint8Array(bytes.subarray(0, length)),
    });

    expect([400, 422]).toContain(answer.status);
    expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  }
  expect(await filesKept(controller)).toEqual([]);
  expect(controller.defects).toEqual([]);
});

test("a sender that breaks the connection off leaves no file and no release", async () => {
  await using controller = await startInProcess();
  const { type, bytes } = await encoded(smallForm({}, { "golden.json": goldenFile() }));
  const socket = await openRaw(controller.httpUrl);
  socket.write(
    `POST /v1/releases HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nContent-Length: ${bytes.length}\r\n\r\n`,
  );
  socket.write(bytes.subarray(0, Math.floor(bytes.length * 0.7)));
  await eventually(async () => (await filesKept(controller)).length > 0);

  socket.destroy();

  await eventually(async () => (await filesKept(controller)).length === 0);
  const { releases } = ReleaseList.parse(await (await controller.fetch("/v1/releases")).json());
  expect(releases).toEqual([]);
  expect(controller.defects).toEqual([]);
});

test("more parts than a release may have files are refused", async () => {
  await using controller = await startInProcess();
  const files = Object.fromEntries(
    [...Array(40).keys()].map((index) => [`f${index}.bin`, smallModel]),
  );

  const answer = await upload(controller, smallForm({}, files));

  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
  expect(await filesKept(controller)).toEqual([]);
  expect(controller.defects).toEqual([]);
});
