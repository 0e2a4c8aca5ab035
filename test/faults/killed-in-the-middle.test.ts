import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Deployment, Release } from "@modelfleet/protocol";
import { afterEach, expect, test } from "vitest";
import type { LogEvent } from "../../modelfleet/src/demo/program.ts";
import { eventually } from "../support/eventually.ts";
import { askDevice, blankDigit } from "../support/fleet/ask-device.ts";
import { startHoldingProxy } from "../support/fleet/holding-proxy.ts";
import { writeReleaseFolder } from "../support/fleet/release-folder.ts";
import {
  deviceOf,
  enrolAgent,
  startAgent,
  startController,
  type TestController,
} from "../support/fleet/small-fleet.ts";
import { denseNetwork } from "../support/onnx/dense-network.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const DIGITS = "examples/digits/releases";
const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function runsVersion(controller: TestController, version: string): Promise<void> {
  const device = await deviceOf(controller, "device-1");
  expect(device.slots[0]?.active?.version).toBe(version);
}

test("F61: an agent killed in the middle of a download resumes it after its restart and converges unaided", async () => {
  await using folder = await temporaryFolder();
  const target = { url: "" };
  const proxy = await startHoldingProxy(() => target.url);
  closers.push(proxy.close);
  const controller = await startController({
    data: join(folder.path, "controller"),
    publicUrl: proxy.url,
  });
  closers.push(() => controller.program.stop());
  target.url = controller.url;
  const data = join(folder.path, "device-1");
  await enrolAgent(controller, "device-1", data);
  const first = await startAgent("device-1", data);
  closers.push(() => first.program.stop("SIGKILL"));
  const bytes = denseNetwork({ layers: [784, 1200, 600, 10], seed: 7 });
  const release = await writeReleaseFolder({
    folder: join(folder.path, "big"),
    model: "big",
    version: "1.0.0",
    bytes,
  });
  const published = await controller.command(Release, "release", "publish", release);
  const model = published.document.files.find((file) => file.path === "model.onnx");
  proxy.hold(new RegExp(`/blobs/${model?.sha256 ?? "none"}`), 2_000_000);

  await controller.command(Deployment, "deploy", "big@1.0.0", "--device", "device-1");
  await eventually(() => proxy.held() > 0, { withinMs: 20_000 });
  await eventually(
    async () => (await stat(join(data, "partial", model?.sha256 ?? "none"))).size >= 1_000_000,
    { withinMs: 10_000 },
  );
  await first.program.stop("SIGKILL");
  proxy.hold(/\/blobs\//, Number.MAX_SAFE_INTEGER);
  const second = await startAgent("device-1", data);
  closers.push(() => second.program.stop());

  await eventually(() => runsVersion(controller, "1.0.0"), { withinMs: 40_000, everyMs: 200 });
  expect(proxy.ranges.at(-1)).toMatch(/^bytes=[1-9]\d*-/);
});

test("F61: an agent killed in the middle of an install serves the old release at once and then installs the new one", async () => {
  await using folder = await temporaryFolder();
  const controller = await startController({ data: join(folder.path, "controller") });
  closers.push(() => controller.program.stop());
  const data = join(folder.path, "device-1");
  await enrolAgent(controller, "device-1", data);
  const first = await startAgent("device-1", data);
  closers.push(() => first.program.stop("SIGKILL"));
  await controller.command(Release, "release", "publish", `${DIGITS}/1.0.0`);
  await controller.command(Release, "release", "publish", `${DIGITS}/2.0.0`);
  await controller.command(Deployment, "deploy", "digits@1.0.0", "--all", "--wait");

  await controller.command(Deployment, "deploy", "digits@2.0.0", "--all");
  let loads = 0;
  const isSecondLoad = (event: LogEvent) => event["step"] === "load" && ++loads === 2;
  await first.program.event("install.step", 20_000, isSecondLoad);
  await first.program.stop("SIGKILL");
  const second = await startAgent("device-1", data);
  closers.push(() => second.program.stop());
  const answer = await eventually(async () => {
    const { status, body } = await askDevice(
      second.socketPath,
      "/v2/models/digits/infer",
      blankDigit,
    );
    expect(status).toBe(200);
    return body;
  });

  expect(answer).toMatchObject({ model_name: "digits" });
  await eventually(() => runsVersion(controller, "2.0.0"), { withinMs: 30_000, everyMs: 200 });
});

test("a controller killed in the middle of an upload comes back, and the upload and the fleet converge unaided", async () => {
  await using folder = await temporaryFolder();
  const data = join(folder.path, "controller");
  const first = await startController({ data });
  closers.push(() => first.program.stop("SIGKILL"));
  const agentData = join(folder.path, "device-1");
  await enrolAgent(first, "device-1", agentData);
  const agent = await startAgent("device-1", agentData);
  closers.push(() => agent.program.stop());
  const bytes = denseNetwork({ layers: [784, 2500, 2000, 10], seed: 7 });
  const release = await writeReleaseFolder({
    folder: join(folder.path, "big"),
    model: "big",
    version: "1.0.0",
    bytes,
  });

  const publishing = first.attempt("release", "publish", release);
  await eventually(async () => (await uploadedBytes(data)) > 0, { withinMs: 20_000, everyMs: 2 });
  await first.program.stop("SIGKILL");
  const second = await startController({
    data,
    httpPort: first.httpPort,
    mqttPort: first.mqttPort,
  });
  closers.push(() => second.program.stop());
  const published = await publishing;

  expect(published.exitCode, published.text).toBe(0);
  await second.command(Deployment, "deploy", "big@1.0.0", "--all", "--wait", "--timeout", "90s");
  await runsVersion(second, "1.0.0");
  expect(await uploadedBytes(data)).toBe(0);
});

/** Bytes of uploads under way in a controller's data folder. */
async function uploadedBytes(data: string): Promise<number> {
  const names = await readdir(data, { recursive: true });
  const uploads = names.filter((name) => /(^|\/)partial\//.test(name));
  const sizes = await Promise.all(
    uploads.map((name) =>
      stat(join(data, name)).then((found) => (found.isFile() ? found.size : 0)),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
