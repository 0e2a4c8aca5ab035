import { DeploymentRequest, type DeviceId, EnrolResponse } from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { localPrincipal } from "../../controller/src/domain/access/principal.ts";
import {
  type ControllerWorld,
  controllerWorld,
  enrolled,
  published,
} from "../support/controller/controller-world.ts";
import { refused } from "../support/controller/refused.ts";
import { gatewayFacts, SimulatedDevice } from "../support/controller/simulated-device.ts";
import { fixtureTimes, seedSigner } from "../support/trust-fixtures.ts";

let world: ControllerWorld;
let camera: SimulatedDevice;
const replacement = new SimulatedDevice("cam-0017", seedSigner("replacement"));
beforeEach(async () => {
  world = await controllerWorld();
  camera = await enrolled(world);
});
afterEach(() => world[Symbol.asyncDispose]());

const revoke = (reason?: string) =>
  world.revokeDevice.run(camera.id, reason === undefined ? {} : { reason }, localPrincipal);
const claim = async (device?: DeviceId) => {
  const request = { class: "cam-v2", uses: 1, lifeMs: 3_600_000, labels: {} };
  const bound = device === undefined ? request : { ...request, device };
  return (await world.createClaim.run(bound, localPrincipal)).enrolment;
};
const enrol = async (device: SimulatedDevice, enrolment: string) =>
  EnrolResponse.parse(await world.enrolDevice.run(device.enrolRequest(enrolment)));
const codeOf = async (outcome: Promise<unknown>) => (await refused(outcome)).code;
const deploy = (target: object) =>
  world.deploy.run(
    DeploymentRequest.parse({ model: "vision.defects", version: "1.0.0", target }),
    localPrincipal,
  );

describe("a device that is revoked", () => {
  test("is cut off, shown as revoked with when and why, and audited once", async () => {
    expect(await revoke("stolen")).toMatchObject({
      state: "revoked",
      revoked: { atMs: fixtureTimes.nowMs, reason: "stolen" },
      online: false,
    });
    await world.clock.advance(1_000);
    await revoke("again");

    expect(world.bus.expelled).toEqual(["cam-0017", "cam-0017"]);
    expect(await world.showDevice.run(camera.id)).toMatchObject({
      revoked: { atMs: fixtureTimes.nowMs, reason: "stolen" },
    });
    const { events } = await world.audit.page(0, 100);
    expect(events.filter(({ action }) => action === "device.revoked")).toMatchObject([
      { actor: "local", subject: "device:cam-0017" },
    ]);
  });

  test("cannot log in with the secret it had", async () => {
    const twin = new SimulatedDevice("cam-0018");
    const { credential } = await enrol(twin, await claim());
    const secret = twin.secretOf(credential);
    expect(await world.authenticate.run("cam-0018", secret)).toBe("cam-0018");

    await world.revokeDevice.run(twin.id, {}, localPrincipal);

    expect(await world.authenticate.run("cam-0018", secret)).toBeUndefined();
    expect(await world.authenticate.run("cam-0018", "")).toBeUndefined();
  });

  test("is not recognized by its certificate any more, nor ever by another key's", async () => {
    const { publicKey } = camera.signer;
    expect(await world.authenticate.recognizes(camera.id, publicKey)).toBe(true);
    expect(await world.authenticate.recognizes(camera.id, replacement.signer.publicKey)).toBe(
      false,
    );

    await revoke();

    expect(await world.authenticate.recognizes(camera.id, publicKey)).toBe(false);
    expect(await world.authenticate.recognizes(camera.id, null)).toBe(false);
  });

  test("F53: is heard no more, whatever of it was still under way, and that is counted", async () => {
    await revoke();

    const outcome = { kind: "refused", code: "DEVICE_REVOKED" };
    expect(await world.answerHello.run(camera.id, camera.hello())).toEqual(outcome);
    expect(await world.ingestReport.run(camera.id, camera.report())).toEqual(outcome);
    const batch = camera.telemetry([]);
    expect(await world.ingestTelemetry.run(camera.id, batch)).toEqual(outcome);
    const presence = JSON.stringify({ v: 1, boot: 9, online: true, reason: "connected" });
    await world.trackPresence.run(camera.id, Buffer.from(presence));
    expect(await codeOf(world.answerGetDesired.run(camera.id))).toBe("DEVICE_REVOKED");

    expect(await world.showDevice.run(camera.id)).toMatchObject({ online: false, boot: null });
    const counted = world.refusals.snapshot().filter(({ code }) => code === "DEVICE_REVOKED");
    expect(counted.map(({ stream, count }) => [stream, count])).toEqual([
      ["hello", 1],
      ["report", 1],
      ["tele", 1],
      ["online", 1],
    ]);
  });

  test("is not chosen for a deployment, and named for one it is refused", async () => {
    await published(world);
    const other = await enrolled(world, "cam-0018");
    await revoke();

    expect((await deploy({ all: true })).devices.map(({ device }) => device)).toEqual([other.id]);
    expect(await codeOf(deploy({ device: camera.id }))).toBe("DEVICE_REVOKED");
    await world.revokeDevice.run(other.id, {}, localPrincipal);
    const { code, message } = await refused(deploy({ all: true }));
    expect(code).toBe("SELECTION_EMPTY");
    expect(message).toContain("2 revoked");
  });

  test("never enrols with its key again, by no claim and under no name", async () => {
    await revoke();
    const elsewhere = new SimulatedDevice("cam-0099", camera.signer);

    expect(await codeOf(enrol(camera, await claim()))).toBe("KEY_REVOKED");
    expect(await codeOf(enrol(camera, await claim(camera.id)))).toBe("KEY_REVOKED");
    expect(await codeOf(enrol(elsewhere, await claim()))).toBe("KEY_REVOKED");
  });
});

describe("the name of a revoked device", () => {
  test("is not given to another key by a claim for any device, or before it is revoked", async () => {
    expect(await codeOf(enrol(replacement, await claim(camera.id)))).toBe("DEVICE_TAKEN");
    await revoke();

    expect(await codeOf(enrol(replacement, await claim()))).toBe("DEVICE_TAKEN");
  });

  test("takes another key by a claim for this name, with labels and what is wanted of it", async () => {
    const { release } = await published(world);
    await deploy({ device: camera.id });
    await world.answerHello.run(camera.id, camera.hello({ boot: 7, desiredSeq: 1 }));
    await revoke("stolen");

    const { credential } = await enrol(replacement, await claim(camera.id));

    const secret = replacement.secretOf(credential);
    expect(await world.authenticate.run("cam-0017", secret)).toBe("cam-0017");
    expect(await world.showDevice.run(camera.id)).toMatchObject({
      ...{ state: "active", revoked: null, labels: { site: "plant-a" } },
      ...{ boot: null, facts: null, agentVersion: null, lastSeenAtMs: null, slots: [] },
      desired: { slots: [{ slot: "main", release }] },
    });
    expect(await codeOf(enrol(camera, await claim()))).toBe("KEY_REVOKED");
  });

  test("in the new device's hands begins a new era, so that places of the old one never count", async () => {
    await world.answerHello.run(camera.id, camera.hello({ boot: 7, desiredSeq: 5 }));
    await world.ingestReport.run(camera.id, camera.report({ boot: 7, seq: 3 }));
    await world.ingestTelemetry.run(camera.id, camera.telemetry([], { boot: 1, seq: 0 }));
    const before = await world.fleet.device(camera.id);
    await revoke();
    await enrol(replacement, await claim(camera.id));

    expect((await world.fleet.device(camera.id))?.era).toBe((before?.era ?? 0) + 1);
    const hello = replacement.hello({ boot: 1, facts: gatewayFacts });
    expect(await world.answerHello.run(camera.id, hello)).toEqual({ kind: "stored" });
    const report = replacement.report({ boot: 1, seq: 0 });
    expect(await world.ingestReport.run(camera.id, report)).toEqual({ kind: "stored" });
    const batch = replacement.telemetry([], { boot: 1, seq: 0 });
    expect(await world.ingestTelemetry.run(camera.id, batch)).toEqual({ kind: "stored" });
    expect(await world.ingestReport.run(camera.id, camera.report({ boot: 8, seq: 0 }))).toEqual({
      kind: "refused",
      code: "SIGNATURE",
    });
  });

  test("in the new device's hands has nothing running, whatever the old one reported", async () => {
    const { release } = await published(world);
    const { id } = await deploy({ device: camera.id });
    const named = { model: "vision.defects", version: "1.0.0" };
    const item = { ...named, slot: "main", release, step: "confirmed" };
    await world.ingestReport.run(camera.id, camera.report({ desiredSeq: 1, items: [item] }));
    const statusNow = async () => {
      const { devices } = await world.showDeployment.run(id);
      return devices.map(({ status }) => status);
    };
    expect(await statusNow()).toEqual(["confirmed"]);
    await revoke();

    await enrol(replacement, await claim(camera.id));

    expect(await statusNow()).toEqual(["assigned"]);
    expect((await world.showDevice.run(camera.id)).recent).toEqual([]);
  });

  test("goes on above every sequence the old device was given", async () => {
    await published(world);
    await deploy({ device: camera.id });
    await world.answerHello.run(camera.id, camera.hello());
    const before = (await world.fleet.device(camera.id))?.desired.seq ?? 0;
    await revoke();
    await enrol(replacement, await claim(camera.id));

    await world.answerHello.run(camera.id, replacement.hello());

    expect((await world.fleet.device(camera.id))?.desired.seq).toBe(before + 1);
  });
});
