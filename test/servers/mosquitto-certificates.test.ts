import { busLimits, DeviceId, deviceTopics, everyDeviceUp } from "@modelfleet/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  authorityIn,
  type ClientCertificate,
  clientCertificate,
} from "../support/broker/certificates.ts";
import {
  comeAsController,
  comeTo,
  mosquittoIsHere,
  type RunningMosquitto,
  startMosquitto,
} from "../support/broker/mosquitto.ts";
import { PlainClient } from "../support/mqtt/plain-client.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const isSkipped = !mosquittoIsHere && process.env["CI"] === undefined;
if (isSkipped) console.warn("skipped: expected mosquitto: apt install mosquitto");

const hourMs = 3_600_000;
const cam1 = DeviceId.parse("cam-1");
const { desired, everythingDown, up } = deviceTopics(cam1);

describe.skipIf(isSkipped)("Mosquitto with generated configuration", () => {
  let broker: RunningMosquitto;
  beforeAll(async () => {
    broker = await startMosquitto();
  });
  afterAll(() => broker[Symbol.asyncDispose]());

  test("lets a device with its certificate in, and takes the name from there", async () => {
    const certificate = await clientCertificate(broker.authority, "cam-1");
    await using device = await comeTo(broker, certificate, "cam-2");
    await using controller = await comeAsController(broker);

    await device?.subscribe(everythingDown);
    await controller.publish(desired, "for cam-1");
    await device?.settled();

    expect(device?.messages).toMatchObject([{ text: "for cam-1" }]);
  });

  test.each([
    { what: "no certificate", make: () => Promise.resolve({}) },
    {
      what: "an expired certificate",
      make: () =>
        clientCertificate(broker.authority, "cam-1", { validUntilMs: Date.now() - hourMs }),
    },
    {
      what: "a certificate of the next hour",
      make: () =>
        clientCertificate(broker.authority, "cam-1", { validFromMs: Date.now() + hourMs }),
    },
    { what: "a certificate of another authority", make: foreign },
  ])("refuses a client with $what", async ({ make }) => {
    expect(await comeTo(broker, await make())).toBeUndefined();
  });

  test("listens where it was told and nowhere else", () => {
    const sockets = [...broker.log().matchAll(/Opening (\w+) listen socket on port (\d+)/g)];

    expect(sockets.map(([, family, port]) => [family, Number(port)])).toEqual([
      ["ipv4", broker.port],
      ["ipv4", broker.enrolPort],
    ]);
  });

  test("refuses who would enrol under another name, or with another password", async () => {
    const login = { port: broker.enrolPort, tls: { ca: broker.server.cert } };
    const clientId = `enrol.${"a".repeat(32)}`;
    const enrol = { username: "enrol", password: "enrol" };

    expect(await PlainClient.open({ ...login, clientId, ...enrol, password: "x" })).toBeUndefined();
    expect(
      await PlainClient.open({ ...login, clientId, ...enrol, username: "cam-1" }),
    ).toBeUndefined();
    expect(await PlainClient.open({ ...login, clientId })).toBeUndefined();
    await using welcome = await PlainClient.open({ ...login, clientId, ...enrol });
    expect(welcome?.isOpen).toBe(true);
  });

  test("a packet of 128 KiB arrives, a larger one ends the connection", async () => {
    const certificate = await clientCertificate(broker.authority, "cam-1");
    await using device = await comeTo(broker, certificate);
    await using controller = await comeAsController(broker);
    await controller.subscribe(everyDeviceUp);
    const room = busLimits.packetBytesMax - up("tele").length - 8;

    await device?.publish(up("tele"), "x".repeat(room));
    await controller.settled();
    expect(controller.messages).toHaveLength(1);
    expect(device?.isOpen).toBe(true);

    await device?.publish(up("tele"), "x".repeat(room + 9));
    await controller.settled();
    expect(controller.messages).toHaveLength(1);
    expect(device?.isOpen).toBe(false);
  });

  async function foreign(): Promise<ClientCertificate> {
    await using folder = await temporaryFolder();
    return await clientCertificate(await authorityIn(folder.path), "cam-1");
  }
});
