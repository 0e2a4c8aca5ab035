import { busLimits, DeviceId, deviceTopics, everyDeviceUp } from "@modelfleet/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  authorityIn,
  type ClientCertificate,
  clientCertificate,
} from "../support/broker/certificates.ts";
import {
  mosquittoIsHere,
  type RunningMosquitto,
  startMosquitto,
} from "../support/broker/mosquitto.ts";
import { eventually } from "../support/eventually.ts";
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

  const come = (shown: Partial<ClientCertificate>, clientId = "cam-1") =>
    PlainClient.open({
      port: broker.port,
      tls: { ca: broker.server.cert, cert: shown.cert, key: shown.key },
      clientId,
    });

  test("lets a device with its certificate in, and takes the name from there", async () => {
    const certificate = await clientCertificate(broker.authority, "cam-1");
    await using device = await come(certificate, "cam-2");
    await using controller = await comeAsController();

    await device?.subscribe(everythingDown);
    await controller?.publish(desired, "for cam-1");
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
    expect(await come(await make())).toBeUndefined();
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
    await using device = await come(certificate);
    await using controller = await comeAsController();
    await controller?.subscribe(everyDeviceUp);
    const room = busLimits.packetBytesMax - up("tele").length - 8;

    await device?.publish(up("tele"), "x".repeat(room));
    await controller?.settled();
    expect(controller?.messages).toHaveLength(1);
    expect(device?.isOpen).toBe(true);

    await device?.publish(up("tele"), "x".repeat(room + 9));
    await controller?.settled();
    expect(controller?.messages).toHaveLength(1);
    expect(device?.isOpen).toBe(false);
  });

  test("F56: a revoked device has no rights from a reload on, also on the connection it has (CVE-2021-34434)", async () => {
    await using device = await come(await clientCertificate(broker.authority, "cam-1"));
    await using other = await come(await clientCertificate(broker.authority, "cam-2"), "cam-2");
    await using controller = await comeAsController();
    await device?.subscribe(everythingDown);
    await controller?.subscribe(everyDeviceUp);

    await broker.reconfigure({ revokedDevices: [cam1] }, "reload");
    await controller?.publish(desired, "late");
    await device?.publish(up("hello"), "late");
    await other?.publish(deviceTopics(DeviceId.parse("cam-2")).up("hello"), "in time");
    await device?.settled();
    await controller?.settled();

    expect(device?.messages).toEqual([]);
    expect(controller?.messages).toMatchObject([{ text: "in time" }]);
    await broker.reconfigure({}, "reload");
  });

  test("F56: what a device left retained is given to nobody once it is revoked (CVE-2018-12546)", async () => {
    await using device = await come(await clientCertificate(broker.authority, "cam-1"));
    await using controller = await comeAsController();
    await device?.publish(up("online"), "here", { retain: true });
    await controller?.subscribe(everyDeviceUp);
    expect(controller?.messages).toMatchObject([{ text: "here", retain: true }]);

    await broker.reconfigure({ revokedDevices: [cam1] }, "reload");
    await controller?.subscribe(everyDeviceUp);

    expect(controller?.messages).toHaveLength(1);
    await broker.reconfigure({}, "reload");
  });

  test("F56: a revoked certificate is refused from a restart on, and a new one of the same name is not", async () => {
    const stolen = await clientCertificate(broker.authority, "cam-1");
    const serials = [{ serial: stolen.serial, revokedAtMs: Date.now() - 1_000 }];
    const revocationList = await broker.authority.revocationList(serials, Date.now());
    await using before = await come(stolen);
    expect(before?.isOpen).toBe(true);

    await broker.reconfigure({ revocationList }, "restart");

    expect(await come(stolen)).toBeUndefined();
    await using replacement = await come(await clientCertificate(broker.authority, "cam-1"));
    expect(replacement?.isOpen).toBe(true);
  });

  function comeAsController() {
    const name = "mf.controller";
    return clientCertificate(broker.authority, name).then((certificate) => come(certificate, name));
  }

  async function foreign(): Promise<ClientCertificate> {
    await using folder = await temporaryFolder();
    return clientCertificate(await authorityIn(folder.path), "cam-1");
  }
});

test.skipIf(isSkipped)(
  "F56: a file of rights without a rule denies everything (CVE-2018-12550)",
  async () => {
    const change = ({ name, text }: { readonly name: string; readonly text: string }) => ({
      name,
      text: name === "acl" ? text.replaceAll(/^(?!#).*$/gm, "") : text,
    });
    await using broker = await startMosquitto({ change });
    const tls = { ca: broker.server.cert, ...(await clientCertificate(broker.authority, "cam-1")) };
    await using device = await PlainClient.open({ port: broker.port, tls, clientId: "cam-1" });
    await device?.subscribe("#");

    await device?.publish(up("hello"), "to anybody");
    await device?.publish(desired, "to itself");

    expect(device?.isOpen).toBe(true);
    expect(device?.messages).toEqual([]);
    await eventually(() => broker.log().includes("cam-1"));
  },
);
