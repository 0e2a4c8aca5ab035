import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Deployment, Device, Refusals, Release, TelemetryAnswer } from "@modelfleet/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FleetOnMosquitto, fleetOnMosquitto } from "../support/broker/fleet-on-mosquitto.ts";
import { mosquittoIsHere } from "../support/broker/mosquitto.ts";
import { eventually } from "../support/eventually.ts";
import { askDevice, blankDigit } from "../support/fleet/ask-device.ts";
import { type TemporaryFolder, temporaryFolder } from "../support/temporary-folder.ts";

const isSkipped = !mosquittoIsHere && process.env["CI"] === undefined;
if (isSkipped) console.warn("skipped: expected mosquitto: apt install mosquitto");

const patience = { withinMs: 90_000, everyMs: 200 };
const cam1 = "cam-1";

describe.skipIf(isSkipped)("a controller on a Mosquitto of its own process", () => {
  const opened = new AsyncDisposableStack();
  let folder: TemporaryFolder;
  let fleet: FleetOnMosquitto;
  let agent: Awaited<ReturnType<FleetOnMosquitto["agent"]>>;
  let asked = 0;
  beforeAll(async () => {
    folder = opened.use(await temporaryFolder("modelfleet-mosquitto-"));
    await chmod(folder.path, 0o755);
    fleet = opened.use(await fleetOnMosquitto(folder.path));
    agent = await fleet.agent(cam1);
    opened.defer(() => agent.program.stop());
  });
  afterAll(() => opened.disposeAsync());

  const ask = async () => {
    asked += 1;
    return askDevice(agent.socketPath, "/v2/models/digits/infer", blankDigit);
  };
  const told = async () => {
    const answer = await fetch(`${fleet.url}/v1/telemetry?model=digits`);
    const { summaries } = TelemetryAnswer.parse(await answer.json());
    return summaries.reduce((sum, { requests }) => sum + requests, 0);
  };
  const shown = () => fleet.command(Device, "device", "show", cam1);
  const deploy = async (version: string) => {
    await fleet.command(Release, "release", "publish", `examples/digits/releases/${version}`);
    const how = ["--device", cam1, "--wait"];
    return fleet.command(Deployment, "deploy", `digits@${version}`, ...how);
  };

  test("waits for a broker that is not there yet, and is not ready until then", async () => {
    expect(fleet.wasReadyAlone).toBe(false);
    expect(await fleet.isReady()).toBe(true);
  });

  test("enrols a device over HTTP, deploys to it and counts what it answered", async () => {
    await deploy("1.0.0");
    const { status } = await ask();

    expect(status).toBe(200);
    await eventually(async () => (await told()) === asked, patience);
    expect(await shown()).toMatchObject({ online: true });
  });

  test("a broker that is killed and comes back without any memory costs nothing but time", async () => {
    await fleet.broker.kill();
    await eventually(async () => !(await fleet.isReady()), patience);
    await ask();
    await fleet.broker.start();
    await eventually(fleet.isReady, patience);

    await deploy("2.0.0");
    await ask();

    await eventually(async () => (await told()) === asked, patience);
    expect(await shown()).toMatchObject({ online: true });
  });

  test("F56: a revoked device is refused at once, and by the broker from a reload on", async () => {
    const before = await told();
    await fleet.command(Device, "device", "revoke", cam1, "--reason", "test");
    await ask();
    const refused = async () => {
      const answer = await fetch(`${fleet.url}/v1/refusals`);
      const { refusals } = Refusals.parse(await answer.json());
      const those = refusals.filter(({ code }) => code === "DEVICE_REVOKED");
      return those.reduce((sum, { count }) => sum + count, 0);
    };
    await eventually(async () => (await refused()) > 0, patience);

    await fleet.writeRights();
    await fleet.broker.reload();
    const rights = await readFile(join(folder.path, "mosquitto", "acl"), "utf8");

    expect(rights).toContain(`user ${cam1}\ntopic deny #`);
    expect(await told()).toBe(before);
    expect(await shown()).toMatchObject({ state: "revoked", online: false });
  });
});
