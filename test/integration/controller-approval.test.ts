import {
  DeploymentRequest,
  EnrolPending,
  EnrolResponse,
  type Fingerprint,
  fingerprintOf,
  keyIdOf,
} from "@modelfleet/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { localPrincipal } from "../../controller/src/domain/access/principal.ts";
import { auditEntry } from "../support/controller/audit-entry.ts";
import {
  type ControllerWorld,
  controllerWorld,
  published,
} from "../support/controller/controller-world.ts";
import { refused } from "../support/controller/refused.ts";
import { nonceOf, SimulatedDevice } from "../support/controller/simulated-device.ts";

const request = { class: "cam-v2", uses: 1, lifeMs: 3_600_000, labels: {}, needsApproval: true };
const camera = new SimulatedDevice("cam-0017");
const other = new SimulatedDevice("cam-0018");
const fingerprint = fingerprintOf(keyIdOf(camera.signer.publicKey));

let world: ControllerWorld;
let enrolment: string;
beforeEach(async () => {
  world = await controllerWorld();
  ({ enrolment } = await world.createClaim.run(request, localPrincipal));
});
afterEach(() => world[Symbol.asyncDispose]());

let asked = 0;
const ask = (device = camera) => {
  asked = (asked + 1) % 256;
  return world.enrolDevice.run(device.enrolRequest(enrolment, { nonce: nonceOf(asked) }));
};
const approve = (given: Fingerprint = fingerprint) =>
  world.approveDevice.run(camera.id, { fingerprint: given }, localPrincipal);
const codeOf = async (outcome: Promise<unknown>) => (await refused(outcome)).code;

test("a device with a claim that needs approval is known, has no credential, and is not chosen", async () => {
  const answer = EnrolPending.parse(await ask());

  expect(answer).toMatchObject({ pending: { device: "cam-0017" } });
  expect(await world.showDevice.run(camera.id)).toMatchObject({ state: "pending" });
  expect(await world.authenticate.run("cam-0017", "")).toBeUndefined();
  expect(await world.fleet.secretOf(camera.id)).toBeUndefined();
  expect(await world.authenticate.recognizes(camera.id, null)).toBe(false);
  expect(await world.answerHello.run(camera.id, camera.hello())).toMatchObject({
    code: "DEVICE_UNKNOWN",
  });
});

test("a device that waits may ask as often as it likes, takes one use, and gets its credential after approval", async () => {
  await ask();
  await ask();
  expect(await world.listClaims.run()).toMatchObject([{ used: 1, needsApproval: true }]);

  expect(await approve()).toMatchObject({ state: "active" });

  const { credential } = EnrolResponse.parse(await ask());
  const secret = camera.secretOf(credential, nonceOf(asked));
  expect(await world.authenticate.run("cam-0017", secret)).toBe("cam-0017");
});

test("the fingerprint of another key admits nobody, and the refusal does not tell the right one", async () => {
  await ask();
  const wrong = fingerprintOf(keyIdOf(other.signer.publicKey));

  const { code, message } = await refused(approve(wrong));

  expect(code).toBe("FINGERPRINT_MISMATCH");
  expect(message).not.toContain(fingerprint);
  expect(EnrolPending.safeParse(await ask()).success).toBe(true);
});

test("what the controller shows of a device that waits does not hold its fingerprint", async () => {
  await ask();

  const shown = JSON.stringify([
    await world.showDevice.run(camera.id),
    await world.listDevices.run(),
  ]);

  expect(shown).not.toContain(fingerprint.slice(0, 9));
  expect(shown).not.toContain(keyIdOf(camera.signer.publicKey).slice(0, 9));
});

test("another device cannot wait under the same name", async () => {
  await ask();
  const { enrolment: second } = await world.createClaim.run(request, localPrincipal);
  const thief = new SimulatedDevice("cam-0017", other.signer);

  const outcome = world.enrolDevice.run(thief.enrolRequest(second));

  expect(await codeOf(outcome)).toBe("DEVICE_TAKEN");
});

test("an approval is of one key: it admits no other that has the name by then", async () => {
  await ask();
  const { publicKey } = other.signer;

  expect(await world.fleet.approveDevice(camera.id, publicKey, auditEntry())).toBe(false);
  expect(await world.showDevice.run(camera.id)).toMatchObject({ state: "pending" });
});

test("a device that does not wait is not approved", async () => {
  await ask();
  await approve();

  expect(await codeOf(approve())).toBe("DEVICE_NOT_PENDING");
});

test("a device that waits and is revoked is neither approved nor admitted any more", async () => {
  await ask();
  await world.revokeDevice.run(camera.id, {}, localPrincipal);

  expect(await codeOf(approve())).toBe("DEVICE_NOT_PENDING");
  expect(await codeOf(ask())).toBe("KEY_REVOKED");
});

test("waiting and approval are audited", async () => {
  await ask();
  await approve();

  const { events } = await world.audit.page(0, 100);
  expect(events.map(({ action }) => action)).toEqual([
    "claim.created",
    "device.pending",
    "device.approved",
  ]);
});

test("a deployment that only waiting devices could take says who lets them in", async () => {
  await published(world);
  await ask();
  const draft = { model: "vision.defects", version: "1.0.0", target: { all: true } };

  const { code, message } = await refused(
    world.deploy.run(DeploymentRequest.parse(draft), localPrincipal),
  );

  expect(code).toBe("SELECTION_EMPTY");
  expect(message).toMatch(/1 waits for approval \(modelfleet device approve\)/);
  expect(message).not.toContain("revoked");
});
