import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Deployment, Release } from "@modelfleet/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "../../modelfleet/src/demo/program.ts";
import { askDevice } from "../support/fleet/ask-device.ts";
import {
  enrolAgent,
  startAgent,
  startController,
  type TestAgent,
  type TestController,
} from "../support/fleet/small-fleet.ts";
import { freePort } from "../support/free-port.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const closers: (() => PromiseLike<unknown>)[] = [];
let folder: string;
let data: string;
let controller: TestController;
let agent: TestAgent;

beforeAll(async () => {
  const temporary = await temporaryFolder();
  closers.push(() => temporary[Symbol.asyncDispose]());
  folder = temporary.path;
  data = join(folder, "device-1");
  controller = await startController({ data: join(folder, "controller") });
  closers.push(() => controller.program.stop());
  await enrolAgent(controller, "device-1", data);
  await moveOutOfReach(data);
  agent = await startAgent("device-1", data);
  closers.push(() => agent.program.stop());
  for (const version of ["1.0.0", "2.0.0"]) {
    await controller.command(Release, "release", "publish", `examples/digits/releases/${version}`);
  }
});

afterAll(async () => {
  for (const close of closers.toReversed()) await close();
});

test("a device without a network runs what was carried to it, and nothing that is older or damaged", async () => {
  const hello = join(folder, "hello.json");
  await done("agent", "hello", "--data", data, "--out", hello);
  // The controller learns from the hello what the device can take.
  await done(...exporting("introduction", hello));
  await controller.command(Deployment, "deploy", "digits@1.0.0", "--device", "device-1");
  const first = join(folder, "first");
  await done(...exporting("first", hello));

  expect(await done("agent", "apply", first, "--data", data)).toMatchObject({ state: "installed" });
  expect(await servedVersion()).toBe("1.0.0");

  await controller.command(Deployment, "deploy", "digits@2.0.0", "--device", "device-1");
  const second = join(folder, "second");
  await done("agent", "hello", "--data", data, "--out", hello);
  await done(...exporting("second", hello));
  await damage(join(second, "desired.json"));
  expect(await refused("agent", "apply", second, "--data", data)).toBe("BUNDLE");
  expect(await refused("agent", "apply", join(folder, "nothing"), "--data", data)).toBe("BUNDLE");

  await rm(second, { recursive: true });
  await done(...exporting("second", hello));
  expect(await done("agent", "apply", second, "--data", data)).toMatchObject({
    state: "installed",
  });
  expect(await servedVersion()).toBe("2.0.0");
  expect(await refused("agent", "apply", first, "--data", data)).toBe("NOT_TAKEN");
  expect(await servedVersion()).toBe("2.0.0");
});

/** Nobody listens where the device would ask. */
async function moveOutOfReach(dataFolder: string): Promise<void> {
  const path = join(dataFolder, "identity", "enrolment.json");
  const record = JSON.parse(await readFile(path, "utf8")) as object;
  const [http, mqtt] = [await freePort(), await freePort()];
  const away = {
    controllerUrl: `http://127.0.0.1:${http}`,
    brokerUrl: `mqtt://127.0.0.1:${mqtt}`,
  };
  await writeFile(path, JSON.stringify({ ...record, ...away }));
}

function exporting(name: string, hello: string): string[] {
  return ["bundle", "export", "device-1", "--hello", hello, "--out", join(folder, name)];
}

/** The answer of a command that does its work. */
async function done(...args: readonly string[]): Promise<unknown> {
  const result = await attempt(...args);
  if (result.exitCode === 0) return result.answer;
  throw new Error(`modelfleet ${args.join(" ")} ended with ${result.exitCode}: ${result.text}`);
}

/** The code a command fails with. */
async function refused(...args: readonly string[]): Promise<unknown> {
  const { answer, text } = await attempt(...args);
  const error: unknown =
    typeof answer === "object" && answer !== null && "error" in answer ? answer.error : text;
  return typeof error === "object" && error !== null && "code" in error ? error.code : error;
}

function attempt(...args: readonly string[]) {
  return runCommand([...args, "--json"], { MODELFLEET_URL: controller.url });
}

async function damage(path: string): Promise<void> {
  const text = await readFile(path, "utf8");
  await writeFile(path, text.replace('"payload"', '"payloads"'));
}

async function servedVersion(): Promise<unknown> {
  const { body } = await askDevice(agent.socketPath, "/v2/models/digits");
  const versions =
    typeof body === "object" && body !== null && "versions" in body ? body.versions : [];
  return Array.isArray(versions) ? versions[0] : undefined;
}
