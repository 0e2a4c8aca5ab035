import { DeviceId, type EnrolAnswer, EnrolResponse, parseEnrolment } from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { localPrincipal } from "../../controller/src/domain/access/principal.ts";
import { type ControllerWorld, controllerWorld } from "../support/controller/controller-world.ts";
import { refused } from "../support/controller/refused.ts";
import { nonceOf, SimulatedDevice } from "../support/controller/simulated-device.ts";
import { fixtureFleet, fleetRoot, seedSigner } from "../support/trust-fixtures.ts";

const hourMs = 3_600_000;
const request = { class: "cam-v2", uses: 1, lifeMs: hourMs, labels: { site: "plant-a" } };
const camera = new SimulatedDevice("cam-0017");

let world: ControllerWorld;
beforeEach(async () => {
  world = await controllerWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

/** Of an answer that is no wait. */
const granted = (answer: EnrolAnswer) => EnrolResponse.parse(answer);

const claim = async (changes: object = {}) =>
  (await world.createClaim.run({ ...request, ...changes }, localPrincipal)).enrolment;

describe("a claim", () => {
  test("its enrolment string names where to go and pins the root", async () => {
    const parsed = parseEnrolment(await claim());

    expect(parsed).toMatchObject({
      controllerUrl: "http://fleet.test:8080",
      brokerUrl: "mqtt://fleet.test:1883",
      fleet: fixtureFleet,
      rootSha256: fleetRoot().sha256,
    });
  });

  test("its secret is shown once and never listed", async () => {
    const { claimSecret } = parseEnrolment(await claim());

    const listed = await world.listClaims.run();

    expect(listed).toHaveLength(1);
    expect(JSON.stringify(listed)).not.toContain(claimSecret);
  });
});

describe("a device that enrols", () => {
  test("under two names at once is one device, under the first of them", async () => {
    const enrolment = await claim({ uses: 2 });
    const names = ["cam-0017", "cam-0018"].map((name) => DeviceId.parse(name));

    const outcomes = await Promise.allSettled(
      names.map((device) => world.enrolDevice.run(camera.enrolRequest(enrolment, { device }))),
    );

    expect(outcomes).toMatchObject([
      { status: "fulfilled" },
      { status: "rejected", reason: { code: "DEVICE_TAKEN" } },
    ]);
    expect(await world.listDevices.run()).toHaveLength(1);
    expect(await world.listClaims.run()).toMatchObject([{ used: 1 }]);
  });

  test("at the same moment as others with the last use of a claim gets it alone", async () => {
    const enrolment = await claim();
    const others = ["cam-0018", "cam-0019"].map((name) => new SimulatedDevice(name));

    const outcomes = await Promise.allSettled(
      others.map((device) => world.enrolDevice.run(device.enrolRequest(enrolment))),
    );

    expect(outcomes).toMatchObject([
      { status: "fulfilled" },
      { status: "rejected", reason: { code: "CLAIM_USED" } },
    ]);
    expect(await world.listDevices.run()).toHaveLength(1);
  });

  test("gets the root and a credential that answers its nonce, and can log in with it", async () => {
    const answer = granted(await world.enrolDevice.run(camera.enrolRequest(await claim())));

    const secret = camera.secretOf(answer.credential);
    expect(Buffer.from(answer.root, "base64")).toEqual(Buffer.from(fleetRoot().bytes));
    expect(await world.authenticate.run("cam-0017", secret)).toBe("cam-0017");
  });

  test("is listed with its class and the labels of the claim", async () => {
    await world.enrolDevice.run(camera.enrolRequest(await claim()));

    expect(await world.listDevices.run({ site: "plant-a" })).toMatchObject([
      { id: "cam-0017", class: "cam-v2", online: false, desired: { seq: 0, slots: [] } },
    ]);
    expect(await world.listDevices.run({ site: "plant-b" })).toEqual([]);
  });

  test("may leave its name to the controller", async () => {
    await world.enrolDevice.run(camera.enrolRequest(await claim(), { device: undefined }));

    const [device] = await world.listDevices.run();
    expect(device?.id).toMatch(/^cam-v2-[0-9a-f]{8}$/);
  });

  test("whose first answer got lost gets a fresh credential, and takes no second use", async () => {
    const enrolment = await claim();
    const first = granted(await world.enrolDevice.run(camera.enrolRequest(enrolment)));
    const again = { nonce: nonceOf(2) };

    const second = granted(await world.enrolDevice.run(camera.enrolRequest(enrolment, again)));

    const secret = camera.secretOf(second.credential, nonceOf(2));
    expect(await world.authenticate.run("cam-0017", secret)).toBe("cam-0017");
    expect(
      await world.authenticate.run("cam-0017", camera.secretOf(first.credential)),
    ).toBeUndefined();
    expect(await world.listClaims.run()).toMatchObject([{ used: 1 }]);
  });

  test("with a new claim stays the device it was, and takes a use of it", async () => {
    await world.enrolDevice.run(camera.enrolRequest(await claim()));
    await world.changeDevice.run(camera.id, { labels: { site: "plant-b" } }, localPrincipal);

    await world.enrolDevice.run(camera.enrolRequest(await claim(), { device: undefined }));

    expect(await world.listDevices.run()).toMatchObject([
      { id: "cam-0017", labels: { site: "plant-b" } },
    ]);
  });

  test("each takes one of several uses", async () => {
    const enrolment = await claim({ uses: 2 });

    await world.enrolDevice.run(camera.enrolRequest(enrolment));
    await world.enrolDevice.run(new SimulatedDevice("cam-0018").enrolRequest(enrolment));

    const third = world.enrolDevice.run(new SimulatedDevice("cam-0019").enrolRequest(enrolment));
    expect((await refused(third)).code).toBe("CLAIM_USED");
  });
});

describe("a device is not enrolled", () => {
  const enrol = (
    enrolment: string,
    changes: Parameters<SimulatedDevice["enrolRequest"]>[1] = {},
    device = camera,
  ) => refused(world.enrolDevice.run(device.enrolRequest(enrolment, changes)));

  test("with a claim whose use is taken by another key", async () => {
    const enrolment = await claim();
    await world.enrolDevice.run(camera.enrolRequest(enrolment));

    const { code, message } = await enrol(enrolment, {}, new SimulatedDevice("cam-0018"));

    expect(code).toBe("CLAIM_USED");
    expect(message).toContain("modelfleet claim create --class cam-v2");
  });

  test("with a claim in its last millisecond and one later, but one earlier", async () => {
    const enrolment = await claim();
    await world.clock.advance(hourMs);
    const late = await enrol(enrolment);
    await world.clock.advance(-1);

    await world.enrolDevice.run(camera.enrolRequest(enrolment));

    expect(late.code).toBe("CLAIM_EXPIRED");
  });

  test("with a claim that expired so long ago that its secret was forgotten", async () => {
    const enrolment = await claim();
    await world.clock.advance(2 * hourMs);
    await claim();

    expect((await enrol(enrolment)).code).toBe("CLAIM_REFUSED");
  });

  test("with a claim nobody made", async () => {
    const unknown = await enrol(await claim(), { claimId: "0123456789abcdef" });

    expect(unknown.code).toBe("CLAIM_REFUSED");
  });

  test("with another secret than the claim's", async () => {
    const wrong = await enrol(await claim(), { secret: "x".repeat(43) });

    expect(wrong.code).toBe("CLAIM_REFUSED");
    expect(wrong.message).not.toContain("x".repeat(43));
  });

  test("as another class than the claim's", async () => {
    const wrong = await enrol(await claim(), { class: "cam-v3" });

    expect(wrong).toMatchObject({ code: "CLASS_MISMATCH" });
    expect(wrong.message).toContain("expected a device of class cam-v2, got cam-v3");
    expect(wrong.message).toContain("enrol with --class cam-v2, or create a new claim");
  });

  test("under the name of another device, whose login stays as it was", async () => {
    const answer = granted(await world.enrolDevice.run(camera.enrolRequest(await claim())));
    const thief = new SimulatedDevice("cam-0017", seedSigner("thief"));

    const stolen = await enrol(await claim(), {}, thief);

    expect(stolen.code).toBe("DEVICE_TAKEN");
    const secret = camera.secretOf(answer.credential);
    expect(await world.authenticate.run("cam-0017", secret)).toBe("cam-0017");
    expect(await world.listClaims.run()).toContainEqual(expect.objectContaining({ used: 0 }));
  });

  test("under a second name with the same key", async () => {
    await world.enrolDevice.run(camera.enrolRequest(await claim()));

    const second = await enrol(await claim(), { device: DeviceId.parse("cam-9999") });

    expect(second.code).toBe("DEVICE_TAKEN");
  });

  test("with a message somebody changed on the way", async () => {
    const sent = camera.enrolRequest(await claim());
    const changed = Buffer.from(sent.envelope, "base64");
    changed.writeUInt8(changed.readUInt8(60) ^ 1, 60);

    const outcome = await refused(
      world.enrolDevice.run({ ...sent, envelope: changed.toString("base64") }),
    );

    expect(outcome.code).toBe("ENROL_INVALID");
    expect(await world.listDevices.run()).toEqual([]);
  });
});

describe("a login is refused", () => {
  test.each([
    ["with a wrong secret", "cam-0017", "wrong"],
    ["with no secret", "cam-0017", ""],
    ["of an unknown device", "cam-0018", "wrong"],
    ["of an unknown device with the secret nobody has", "cam-0018", ""],
    ["of a name that is none", "+", "wrong"],
  ])("%s", async (_reason, id, secret) => {
    await world.enrolDevice.run(camera.enrolRequest(await claim()));

    expect(await world.authenticate.run(id, secret)).toBeUndefined();
  });
});
