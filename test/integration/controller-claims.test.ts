import { claimLimits, DeviceId, EnrolResponse, encodeBase64 } from "@modelfleet/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EnrolDevice } from "../../controller/src/app/fleet/enrol-device.ts";
import { localPrincipal } from "../../controller/src/domain/access/principal.ts";
import { type ControllerWorld, controllerWorld } from "../support/controller/controller-world.ts";
import { refused } from "../support/controller/refused.ts";
import { nonceOf, SimulatedDevice } from "../support/controller/simulated-device.ts";
import { startInProcess } from "../support/http/test-controller.ts";
import { seedSigner } from "../support/trust-fixtures.ts";

const hourMs = 3_600_000;
const request = { class: "cam-v2", uses: 1, lifeMs: hourMs, labels: {} };
const camera = new SimulatedDevice("cam-0017");
const other = new SimulatedDevice("cam-0018");

let world: ControllerWorld;
beforeEach(async () => {
  world = await controllerWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

const create = (changes: object = {}) =>
  world.createClaim.run({ ...request, ...changes }, localPrincipal);
const claim = async (changes: object = {}) => (await create(changes)).enrolment;
type Changes = Parameters<SimulatedDevice["enrolRequest"]>[1];
const enrol = (enrolment: string, changes: Changes = {}, device = camera) =>
  world.enrolDevice.run(device.enrolRequest(enrolment, changes));
const codeOf = async (outcome: Promise<unknown>) => (await refused(outcome)).code;
/** Action and subject of each audit entry, oldest first. */
const audited = async () =>
  (await world.audit.page(0, 100)).events.map((event) => ({
    ...event,
    detail: JSON.parse(event.detail) as unknown,
  }));

describe("a claim", () => {
  test("F64: reused by another device is refused, and the refusal audited", async () => {
    const enrolment = await claim();
    await enrol(enrolment);

    expect(await codeOf(enrol(enrolment, {}, other))).toBe("CLAIM_USED");

    await world.clock.advance(60_000);
    expect(await audited()).toContainEqual(
      expect.objectContaining({ action: "enrolment.refused", subject: "CLAIM_USED" }),
    );
  });

  test("F64: is over at its last millisecond, and not one before", async () => {
    const enrolment = await claim({ uses: 2 });
    await world.clock.advance(hourMs);
    const late = await codeOf(enrol(enrolment));
    await world.clock.advance(-1);

    expect(EnrolResponse.safeParse(await enrol(enrolment)).success).toBe(true);
    expect(late).toBe("CLAIM_EXPIRED");
  });

  test("F64: of another class is refused, once the secret has proven right", async () => {
    const enrolment = await claim();

    expect(await codeOf(enrol(enrolment, { class: "cam-v3" }))).toBe("CLASS_MISMATCH");
    const secret = "x".repeat(43);
    expect(await codeOf(enrol(enrolment, { class: "cam-v3", secret }))).toBe("CLAIM_REFUSED");
  });

  test("F64: takes the very same message once, whatever is changed around it, and a fresh one again", async () => {
    const enrolment = await claim();
    const message = camera.enrolRequest(enrolment);
    const first = EnrolResponse.parse(await world.enrolDevice.run(message));
    const spaced = encodeBase64(
      Buffer.concat([Buffer.from(message.envelope, "base64"), Buffer.from("\n")]),
    );

    expect(await codeOf(world.enrolDevice.run(message))).toBe("CLAIM_REPLAYED");
    const again = world.enrolDevice.run({ ...message, envelope: spaced });
    expect(await codeOf(again)).toBe("CLAIM_REPLAYED");
    const secret = camera.secretOf(first.credential);
    expect(await world.authenticate.run("cam-0017", secret)).toBe("cam-0017");

    const fresh = EnrolResponse.parse(await enrol(enrolment, { nonce: nonceOf(2) }));
    const renewed = camera.secretOf(fresh.credential, nonceOf(2));
    expect(await world.authenticate.run("cam-0017", renewed)).toBe("cam-0017");
  });

  test("F64: whose secret is guessed 10^3 times hears nobody after the first twenty, and then again", async () => {
    const enrolment = await claim();
    const message = camera.enrolRequest(enrolment);
    const codes = new Map<string, number>();
    for (let guess = 0; guess < 1_000; guess++) {
      const mac = Buffer.alloc(32);
      mac.writeUInt32BE(guess);
      const code = await codeOf(world.enrolDevice.run({ ...message, mac: mac.toString("base64") }));
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }

    expect(Object.fromEntries(codes)).toEqual({
      CLAIM_REFUSED: claimLimits.refusalBurstPerClaimMax,
      ENROLMENTS_TOO_MANY: 1_000 - claimLimits.refusalBurstPerClaimMax,
    });
    expect(await codeOf(world.enrolDevice.run(message))).toBe("ENROLMENTS_TOO_MANY");
    await world.clock.advance(60_000);
    expect(EnrolResponse.safeParse(await world.enrolDevice.run(message)).success).toBe(true);
    const entries = (await audited()).filter(({ action }) => action === "enrolment.refused");
    expect(entries.map(({ subject, detail }) => [subject, detail])).toEqual([
      ["CLAIM_REFUSED", expect.objectContaining({ times: 20 })],
      ["ENROLMENTS_TOO_MANY", expect.objectContaining({ times: 981 })],
    ]);
  });

  test("F64: guessed for one claim leaves the others alone", async () => {
    const [guessed, enrolment] = [await claim(), await claim()];
    for (let guess = 0; guess < claimLimits.refusalBurstPerClaimMax; guess++) {
      await codeOf(enrol(guessed, { secret: "x".repeat(43) }));
    }

    expect(EnrolResponse.safeParse(await enrol(enrolment)).success).toBe(true);
  });

  test("F64: nobody made is refused in the words of a wrong secret, and limited like one", async () => {
    const enrolment = await claim();
    const unknown = { claimId: "0123456789abcdef" };
    const wrong = await refused(enrol(enrolment, { secret: "x".repeat(43) }));

    expect(await refused(enrol(enrolment, unknown))).toEqual(wrong);
    for (let guess = 1; guess < claimLimits.refusalBurstPerClaimMax; guess++) {
      await codeOf(enrol(enrolment, unknown));
    }
    expect(await codeOf(enrol(enrolment, unknown))).toBe("ENROLMENTS_TOO_MANY");
  });

  test("F64: over and forgotten is refused in the same words", async () => {
    const enrolment = await claim();
    const wrong = await refused(enrol(enrolment, { secret: "x".repeat(43) }));
    await world.clock.advance(2 * hourMs);
    await claim();

    expect(await refused(enrol(enrolment))).toEqual(wrong);
  });

  test("F64: too many attempts of one address are refused before anybody looks at them", async () => {
    await using controller = await startInProcess();
    const nonsense = { envelope: "AAAA", mac: `${"A".repeat(43)}=` };
    const burst = claimLimits.enrolBurstPerAddressMax;

    const answers = await Promise.all(
      Array.from({ length: 2 * burst }, () => controller.post("/v1/enrol", nonsense)),
    );

    const statuses = answers.map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([400, 429]));
    expect(statuses.filter((status) => status === 400).length).toBeLessThan(burst + 20);
  });
});

describe("a claim that is revoked", () => {
  test("admits nobody any more, tells so to who holds its secret, and keeps its devices", async () => {
    const created = await create({ uses: 2 });
    const answer = EnrolResponse.parse(await enrol(created.enrolment));

    const revoked = await world.revokeClaim.run(created.claim.id, localPrincipal);

    expect(revoked).toMatchObject({ used: 1, revokedAtMs: world.clock.nowMs() });
    expect(await codeOf(enrol(created.enrolment, {}, other))).toBe("CLAIM_REVOKED");
    const wrong = enrol(created.enrolment, { secret: "x".repeat(43) }, other);
    expect(await codeOf(wrong)).toBe("CLAIM_REFUSED");
    const secret = camera.secretOf(answer.credential);
    expect(await world.authenticate.run("cam-0017", secret)).toBe("cam-0017");
  });

  test("while an enrolment is under way admits it no more", async () => {
    const created = await create();
    const { fleet } = world;
    const claim = async (id: string) => {
      const read = await fleet.claim(id);
      await world.revokeClaim.run(id, localPrincipal);
      return read;
    };
    const late = new EnrolDevice({ ...world, fleet: { ...fleet, claim } });

    const request = camera.enrolRequest(created.enrolment);

    expect(await codeOf(late.run(request))).toBe("CLAIM_REVOKED");
    expect(await world.listDevices.run()).toEqual([]);
  });

  test("is revoked once, and audited once with who did it", async () => {
    const { claim: made } = await create();

    await world.revokeClaim.run(made.id, localPrincipal);
    await world.clock.advance(5_000);
    const again = await world.revokeClaim.run(made.id, localPrincipal);

    expect(again.revokedAtMs).toBe(world.clock.nowMs() - 5_000);
    const entries = (await audited()).filter(({ action }) => action === "claim.revoked");
    expect(entries).toMatchObject([{ subject: `claim:${made.id}`, actor: "local" }]);
  });

  test("is one that exists", async () => {
    const unknown = world.revokeClaim.run("0123456789abcdef", localPrincipal);

    expect(await codeOf(unknown)).toBe("CLAIM_UNKNOWN");
  });
});

describe("a claim for one name", () => {
  const bound = { device: DeviceId.parse("cam-0017") };

  test("gives that name to a device that asks for none", async () => {
    await enrol(await claim(bound), { device: undefined });

    expect((await world.listDevices.run()).map(({ id }) => id)).toEqual(["cam-0017"]);
  });

  test("admits no device that asks for another", async () => {
    expect(await codeOf(enrol(await claim(bound), {}, other))).toBe("NAME_MISMATCH");
    expect(await world.listDevices.run()).toEqual([]);
  });

  test("does not take the name from a device that is not revoked", async () => {
    await enrol(await claim());
    const thief = new SimulatedDevice("cam-0017", seedSigner("thief"));

    expect(await codeOf(enrol(await claim(bound), {}, thief))).toBe("DEVICE_TAKEN");
  });
});
