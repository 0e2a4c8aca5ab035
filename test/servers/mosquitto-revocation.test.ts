import { DeviceId, deviceTopics, everyDeviceUp } from "@modelfleet/protocol";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clientCertificate } from "../support/broker/certificates.ts";
import {
  comeAsController,
  comeTo,
  mosquittoIsHere,
  type RunningMosquitto,
  startMosquitto,
} from "../support/broker/mosquitto.ts";

const isSkipped = !mosquittoIsHere && process.env["CI"] === undefined;
if (isSkipped) console.warn("skipped: expected mosquitto: apt install mosquitto");

const cam1 = DeviceId.parse("cam-1");
const { desired, everythingDown, up } = deviceTopics(cam1);

describe.skipIf(isSkipped)("Mosquitto, told of a revoked device,", () => {
  let broker: RunningMosquitto;
  beforeAll(async () => {
    broker = await startMosquitto();
  });
  afterAll(() => broker[Symbol.asyncDispose]());

  test("F56: gives it no rights from a reload on, also on the connection it has (CVE-2021-34434)", async () => {
    await using device = await comeTo(broker, await clientCertificate(broker.authority, "cam-1"));
    await using other = await comeTo(
      broker,
      await clientCertificate(broker.authority, "cam-2"),
      "cam-2",
    );
    await using controller = await comeAsController(broker);
    await device?.subscribe(everythingDown);
    await controller.subscribe(everyDeviceUp);

    await broker.reconfigure({ revokedDevices: [cam1] }, "reload");
    await controller.publish(desired, "late");
    await device?.publish(up("hello"), "late");
    await other?.publish(deviceTopics(DeviceId.parse("cam-2")).up("hello"), "in time");
    await device?.settled();
    await controller.settled();

    expect(device?.messages).toEqual([]);
    expect(controller.messages).toMatchObject([{ text: "in time" }]);
    await broker.reconfigure({}, "reload");
  });

  test("F56: gives what it left retained to nobody (CVE-2018-12546)", async () => {
    await using device = await comeTo(broker, await clientCertificate(broker.authority, "cam-1"));
    await using controller = await comeAsController(broker);
    await device?.publish(up("online"), "here", { retain: true });
    await controller.subscribe(everyDeviceUp);
    expect(controller.messages).toMatchObject([{ text: "here", retain: true }]);

    await broker.reconfigure({ revokedDevices: [cam1] }, "reload");
    await controller.subscribe(everyDeviceUp);

    expect(controller.messages).toHaveLength(1);
    await broker.reconfigure({}, "reload");
  });

  test("F56: refuses its certificate from a restart on, and a new one of the same name not", async () => {
    const stolen = await clientCertificate(broker.authority, "cam-1");
    const serials = [{ serial: stolen.serial, revokedAtMs: Date.now() - 1_000 }];
    const revocationList = await broker.authority.revocationList(serials, Date.now());
    await using before = await comeTo(broker, stolen);
    expect(before?.isOpen).toBe(true);

    await broker.reconfigure({ revocationList }, "restart");

    expect(await comeTo(broker, stolen)).toBeUndefined();
    await using replacement = await comeTo(
      broker,
      await clientCertificate(broker.authority, "cam-1"),
    );
    expect(replacement?.isOpen).toBe(true);
  });
});

test.skipIf(isSkipped)(
  "F56: a file of rights without a rule denies everything (CVE-2018-12550)",
  async () => {
    const change = ({ name, text }: { readonly name: string; readonly text: string }) => ({
      name,
      text: name === "acl" ? text.replaceAll(/^(?!#).*$/gm, "") : text,
    });
    await using broker = await startMosquitto({ change });
    await using device = await comeTo(broker, await clientCertificate(broker.authority, "cam-1"));
    await device?.subscribe("#");

    await device?.publish(up("hello"), "to anybody");
    await device?.publish(desired, "to itself");

    expect(device?.isOpen).toBe(true);
    expect(device?.messages).toEqual([]);
  },
);
