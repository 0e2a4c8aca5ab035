import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ClaimCreated, Deployment, Device, Release } from "@modelfleet/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runCommand } from "../../modelfleet/src/demo/program.ts";
import { eventually } from "../support/eventually.ts";
import {
  deviceOf,
  enrolAgent,
  startAgent,
  startController,
  type TestAgent,
  type TestController,
} from "../support/fleet/small-fleet.ts";
import { basic } from "../support/http/enrolled-device.ts";
import { connectDevice } from "../support/mqtt/device-client.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const closers: (() => PromiseLike<unknown>)[] = [];
let folder: string;
let controller: TestController;
let stolen: TestAgent;

beforeAll(async () => {
  const temporary = await temporaryFolder();
  closers.push(() => temporary[Symbol.asyncDispose]());
  folder = temporary.path;
  controller = await startController({ data: join(folder, "controller") });
  closers.push(() => controller.program.stop());
  const [publishing, enrolling] = [
    controller.command(Release, "release", "publish", "examples/digits/releases/1.0.0"),
    enrolAgent(controller, "cam-0017", join(folder, "stolen")),
  ];
  await Promise.all([publishing, enrolling]);
  stolen = await startAgent("cam-0017", join(folder, "stolen"));
  closers.push(() => stolen.program.stop());
  await controller.command(
    Deployment,
    ...["deploy", "digits@1.0.0", "--device", "cam-0017", "--wait", "--timeout", "20s"],
  );
});

afterAll(async () => {
  for (const close of closers.toReversed()) await close();
});

test("a stolen device is out at once, and another one runs the same release under its name", async () => {
  const { secret } = JSON.parse(
    await readFile(join(stolen.data, "identity", "enrolment.json"), "utf8"),
  ) as { secret: string };
  expect(await askAsDevice(secret)).toBe(200);

  const revoked = await controller.command(
    Device,
    ...["device", "revoke", "cam-0017", "--reason", "stolen"],
  );

  await stolen.program.event("bus.offline", 1_000);
  expect(revoked).toMatchObject({ state: "revoked", revoked: { reason: "stolen" } });
  expect(await askAsDevice(secret)).toBe(401);
  const login = connectDevice(`mqtt://127.0.0.1:${controller.mqttPort}`, {
    id: "cam-0017",
    password: secret,
  });
  await expect(login).rejects.toMatchObject({ code: 4 });
  expect(await deviceOf(controller, "cam-0017")).toMatchObject({ state: "revoked", online: false });

  const replacement = await replace();

  await eventually(async () => {
    const { state, online, slots } = await deviceNow();
    expect({ state, online }).toEqual({ state: "active", online: true });
    expect(slots).toMatchObject([{ active: { version: "1.0.0" }, trial: null }]);
  });
  expect(replacement.id).toBe("cam-0017");
});

/** Another machine under the same name, by a claim for this name. */
async function replace(): Promise<TestAgent> {
  const data = join(folder, "replacement");
  const claim = await controller.command(
    ClaimCreated,
    ...["claim", "create", "--device", "cam-0017"],
  );
  const enrolled = await runCommand(["agent", "enrol", claim.enrolment, "--data", data], {});
  expect(enrolled).toMatchObject({ exitCode: 0 });
  const agent = await startAgent("cam-0017", data);
  closers.push(() => agent.program.stop());
  return agent;
}

async function askAsDevice(secret: string): Promise<number> {
  const headers = { authorization: basic("cam-0017", secret) };
  return (await fetch(`${controller.url}/v1/device/root/1`, { headers })).status;
}

async function deviceNow(): Promise<Device> {
  return Device.parse(await (await fetch(`${controller.url}/v1/devices/cam-0017`)).json());
}
