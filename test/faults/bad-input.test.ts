import { spawnSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import {
  ClaimCreated,
  Deployment,
  Release,
  ReleaseList,
  TelemetryAnswer,
} from "@modelfleet/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "../../modelfleet/src/demo/program.ts";
import { eventually } from "../support/eventually.ts";
import { askDevice, blankDigit } from "../support/fleet/ask-device.ts";
import { writeReleaseFolder } from "../support/fleet/release-folder.ts";
import {
  deviceOf,
  enrolAgent,
  startAgent,
  startController,
  type TestAgent,
  type TestController,
} from "../support/fleet/small-fleet.ts";
import { denseNetwork } from "../support/onnx/dense-network.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const DIGITS = "examples/digits/releases";

let folder: TemporaryFolder;
let controller: TestController;
let agent: TestAgent;

beforeAll(async () => {
  folder = await temporaryFolder();
  controller = await startController({ data: join(folder.path, "controller") });
  await enrolAgent(controller, "device-1", join(folder.path, "device-1"));
  agent = await startAgent("device-1", join(folder.path, "device-1"));
  await controller.command(Release, "release", "publish", `${DIGITS}/1.0.0`);
  await controller.command(Deployment, "deploy", "digits@1.0.0", "--all", "--wait");
});

afterAll(async () => {
  await agent.program.stop();
  await controller.program.stop();
  await folder[Symbol.asyncDispose]();
});

/** Answers device-1 has given for digits, all of which its telemetry must count. */
let served = 0;

async function expectStillServing(version = "1.0.0"): Promise<void> {
  const { status, body } = await askDevice(agent.socketPath, "/v2/models/digits/infer", blankDigit);
  expect({ status, body }).toMatchObject({ status: 200, body: { model_version: version } });
  served += 1;
}

test("an unknown model name is answered 404 and named", async () => {
  const { status, body } = await askDevice(
    agent.socketPath,
    "/v2/models/numbers/infer",
    blankDigit,
  );

  expect(status).toBe(404);
  expect(JSON.stringify(body)).toContain("numbers");
});

test.each([
  [
    "shape",
    { name: "x", datatype: "FP32", shape: [1, 10], data: Array.from({ length: 10 }, () => 0) },
    /784/,
  ],
  [
    "type",
    { name: "x", datatype: "INT64", shape: [1, 784], data: Array.from({ length: 784 }, () => 0) },
    /FP32/,
  ],
  [
    "name",
    {
      name: "image",
      datatype: "FP32",
      shape: [1, 784],
      data: Array.from({ length: 784 }, () => 0),
    },
    /image|x/,
  ],
])("a tensor of the wrong %s is answered 400 with what was expected", async (_, input, expected) => {
  const { status, body } = await askDevice(agent.socketPath, "/v2/models/digits/infer", {
    inputs: [input],
  });

  expect(status).toBe(400);
  expect(JSON.stringify(body)).toMatch(expected);
  await expectStillServing();
});

test("a file that is not ONNX is refused at publication and leaves nothing behind", async () => {
  const release = await writeReleaseFolder({
    folder: join(folder.path, "text"),
    model: "text",
    version: "1.0.0",
    bytes: new TextEncoder().encode("this is a poem, not a model"),
  });

  const result = await controller.attempt("release", "publish", release);

  expect(result.exitCode).toBe(1);
  expect(result.text).toMatch(/ONNX/);
  const list = await controller.command(ReleaseList, "release", "list", "--model", "text");
  expect(list.releases).toEqual([]);
});

test("an upload that is cut off leaves no release, and the same release can be published afterwards", async () => {
  const bytes = denseNetwork({ layers: [16, 8, 4], seed: 3 });
  const release = await writeReleaseFolder({
    folder: join(folder.path, "cut"),
    model: "cut",
    version: "1.0.0",
    bytes,
  });
  await cutOffUpload(controller.url, await readFile(join(release, "release.json"), "utf8"));

  const before = await controller.command(ReleaseList, "release", "list", "--model", "cut");
  const published = await controller.command(Release, "release", "publish", release);

  expect(before.releases).toEqual([]);
  expect(published.document.version).toBe("1.0.0");
});

/** Sends the manifest and the first bytes of a model that promises more, then drops the connection. */
function cutOffUpload(url: string, manifest: string): Promise<void> {
  const part = (name: string, content: string) =>
    `--cut\r\ncontent-disposition: form-data; name="${name}"; filename="${name}"\r\n\r\n${content}`;
  return new Promise((resolve) => {
    const outgoing = request(new URL("/v1/releases", url), {
      method: "POST",
      headers: { "content-type": "multipart/form-data; boundary=cut", "content-length": 1_000_000 },
    });
    outgoing.on("error", () => resolve());
    outgoing.on("close", () => resolve());
    outgoing.write(
      `--cut\r\ncontent-disposition: form-data; name="manifest"\r\n\r\n${manifest}\r\n${part("model.onnx", "half a mod")}`,
      () => {
        outgoing.destroy();
      },
    );
  });
}

test("a claim that was used is refused with the way to a new one", async () => {
  const { enrolment } = await controller.command(ClaimCreated, "claim", "create");
  const first = await runCommand(
    ["agent", "enrol", enrolment, "--data", join(folder.path, "device-2")],
    {},
  );
  const second = await runCommand(
    ["agent", "enrol", enrolment, "--data", join(folder.path, "device-3")],
    {},
  );

  expect(first.exitCode, first.text).toBe(0);
  expect(second.exitCode).toBe(1);
  expect(second.text).toMatch(/claim create/);
});

test("a second controller on the same port says so and ends, and the first goes on", async () => {
  const data = join(folder.path, "second");
  const ports = ["--http-port", String(controller.httpPort), "--mqtt-port", "0"];

  const second = await runCommand(["controller", "start", "--dev", "--data", data, ...ports], {});

  expect(second.exitCode).toBe(1);
  expect(second.text).toContain(String(controller.httpPort));
  expect(second.text).toMatch(/--http-port/);
  expect((await deviceOf(controller, "device-1")).online).toBe(true);
});

test("a second agent on the same data folder is locked out by name", async () => {
  const second = await runCommand(["agent", "start", "--data", agent.data], {});

  expect(second.exitCode).toBe(1);
  expect(second.text).toContain(String(agent.program.pid));
  await expectStillServing();
});

test("while the broker is away the device goes on answering, and what it measured arrives afterwards, once", async () => {
  const { httpPort, mqttPort } = controller;
  const data = join(folder.path, "controller");
  await controller.program.stop("SIGKILL");
  for (let turn = 0; turn < 25; turn += 1) await expectStillServing();
  controller = await startController({ data, httpPort, mqttPort });

  await eventually(async () => expect((await deviceOf(controller, "device-1")).online).toBe(true), {
    withinMs: 30_000,
  });
  await eventually(
    async () => {
      const answer = await controller.command(TelemetryAnswer, "telemetry", "show", "digits");
      expect(answer.summaries[0]?.requests).toBe(served);
    },
    { withinMs: 20_000, everyMs: 300 },
  );
});

test("a disk that fills up is reported as NO_SPACE and the old release goes on", async ({
  skip,
}) => {
  const disk = join(folder.path, "small-disk");
  await mkdir(disk);
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=700m", "tmpfs", disk]);
  if (mounted.status !== 0) skip("mounting a small disk needs more rights than this user has");
  const data = join(disk, "device-4");
  await enrolAgent(controller, "device-4", data);
  const small = await startAgent("device-4", data);
  const toSmall = ["--device", "device-4", "--wait"];
  try {
    await controller.command(Deployment, "deploy", "digits@1.0.0", ...toSmall);
    const bytes = denseNetwork({ layers: [784, 4000, 1000, 10], seed: 5 });
    const large = { folder: join(folder.path, "large"), model: "large", version: "1.0.0", bytes };
    await controller.command(Release, "release", "publish", await writeReleaseFolder(large));
    await writeFile(join(disk, "somebody-elses.log"), new Uint8Array(680 * 1024 * 1024));

    const refused = await controller.command(Deployment, "deploy", "large@1.0.0", ...toSmall);
    const answer = await askDevice(small.socketPath, "/v2/models/digits/infer", blankDigit);

    expect(refused.devices[0]).toMatchObject({ status: "refused", code: "NO_SPACE" });
    expect(refused.devices[0]?.detail).toMatch(/bytes|MiB/);
    expect(answer).toMatchObject({ status: 200, body: { model_version: "1.0.0" } });
  } finally {
    await small.program.stop();
    spawnSync("umount", [disk]);
  }
});
