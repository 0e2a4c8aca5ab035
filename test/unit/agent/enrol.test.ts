import {
  claimLimits,
  claimMac,
  type Enrolment,
  type EnrolRequest,
  type EnrolResponse,
  encodeBase64,
  encodePayload,
  FleetId,
  formatTimestamp,
  openEnrolMessage,
  payloadTypes,
  signEnvelope,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { systemClock } from "../../../agent/src/adapters/clock/system-clock.ts";
import { enrol } from "../../../agent/src/app/enrol.ts";
import type { Enrolled, IdentityStore } from "../../../agent/src/ports/identity-store.ts";
import {
  fixtureDevice,
  fixtureFleet,
  fixtureTimes,
  fleetKeys,
  fleetRoot,
} from "../../support/trust-fixtures.ts";

const root = fleetRoot();
const enrolment: Enrolment = {
  controllerUrl: "http://127.0.0.1:1",
  brokerUrl: "mqtt://127.0.0.1:2",
  fleet: FleetId.parse(fixtureFleet),
  rootSha256: root.sha256,
  claimId: "abcdefgh",
  claimSecret: "a-secret-of-the-claim-itself",
};
const wish = { enrolment, class: "cam-v2", device: fixtureDevice };

function memoryIdentity() {
  const held: { seed?: Uint8Array; enrolled?: Enrolled } = {};
  const store: IdentityStore = {
    deviceSeed: (make) => {
      held.seed ??= make();
      return Promise.resolve(held.seed);
    },
    enrolment: () => Promise.resolve(held.enrolled),
    replaceRecord: () => Promise.resolve(),
    keepEnrolment: (enrolled) => {
      held.enrolled = enrolled;
      return Promise.resolve();
    },
  };
  return { ...store, held };
}

/** What an honest controller answers, with changes to the credential or the root. */
function controller(changes: { readonly credential?: object; readonly root?: Uint8Array } = {}) {
  const asked: EnrolRequest[] = [];
  const answer = (request: EnrolRequest): EnrolResponse => {
    asked.push(request);
    const { message } = openEnrolMessage(Buffer.from(request.envelope, "base64"));
    const credential = {
      ...{ type: "credential", spec: 1, fleet: fixtureFleet, device: message.device },
      ...{ nonce: message.nonce, issuedAt: formatTimestamp(fixtureTimes.nowMs), rootVersion: 1 },
      secret: "s".repeat(43),
      ...changes.credential,
    };
    const payload = encodePayload(credential);
    const signed = signEnvelope(payloadTypes.credential, payload, [fleetKeys.online]);
    return {
      root: encodeBase64(changes.root ?? root.bytes),
      credential: encodeBase64(signed),
    };
  };
  return { asked, ask: (_: unknown, request: EnrolRequest) => Promise.resolve(answer(request)) };
}

test("a device becomes a member with a key of its own, and the claim's secret is not sent", async () => {
  const identity = memoryIdentity();
  const service = controller();

  const record = await enrol({ identity, service, clock: systemClock }, wish);

  const [request] = service.asked;
  const opened = openEnrolMessage(Buffer.from(request?.envelope ?? "", "base64"));
  expect(record).toMatchObject({ device: fixtureDevice, fleet: fixtureFleet, class: "cam-v2" });
  expect(identity.held.enrolled?.anchor).toEqual(root.bytes);
  expect(opened.message).toMatchObject({ claimId: "abcdefgh", class: "cam-v2" });
  expect(request?.mac).toBe(encodeBase64(claimMac(enrolment.claimSecret, opened.payload)));
  expect(JSON.stringify(service.asked)).not.toContain(enrolment.claimSecret);
});

test.each([
  ["another root than the pinned one", { root: fleetRoot({ version: 2 }).bytes }, "ROOT_MISMATCH"],
  ["a root cut short", { root: root.bytes.slice(0, -1) }, "ROOT_MISMATCH"],
  [
    "a credential for another nonce",
    { credential: { nonce: `${"A".repeat(22)}==` } },
    "CREDENTIAL",
  ],
  ["a credential of another fleet", { credential: { fleet: crypto.randomUUID() } }, "CREDENTIAL"],
] as const)("%s is refused, and nothing but the key is kept", async (_, changes, code) => {
  const identity = memoryIdentity();

  const enrolled = enrol({ identity, service: controller(changes), clock: systemClock }, wish);

  await expect(enrolled).rejects.toMatchObject({ code });
  expect(Object.keys(identity.held)).toEqual(["seed"]);
});

test("an attempt repeated after a failure asks with the same key", async () => {
  const identity = memoryIdentity();
  const broken = controller({ credential: { nonce: `${"A".repeat(22)}==` } });
  const whole = controller();
  await enrol({ identity, service: broken, clock: systemClock }, wish).catch(() => undefined);

  await enrol({ identity, service: whole, clock: systemClock }, wish);

  const keys = [...broken.asked, ...whole.asked].map(({ envelope }) =>
    encodeBase64(openEnrolMessage(Buffer.from(envelope, "base64")).publicKey),
  );
  expect(keys[0]).toBe(keys[1]);
});

test("a member is not enrolled a second time", async () => {
  const identity = memoryIdentity();
  const parts = { identity, service: controller(), clock: systemClock };
  await enrol(parts, wish);

  await expect(enrol(parts, wish)).rejects.toMatchObject({ code: "ALREADY_ENROLLED" });
});

test("a device nobody approves stops asking after its time, with a fresh nonce each time and its key alone kept", async () => {
  const identity = memoryIdentity();
  const asked: EnrolRequest[] = [];
  let nowMs = 0;
  const pauses: number[] = [];
  const clock = {
    ...systemClock,
    monotonicMs: () => nowMs,
    sleep: (ms: number) => {
      pauses.push(ms);
      nowMs += ms;
      return Promise.resolve();
    },
  };
  const service = {
    ask: (_: unknown, request: EnrolRequest) => {
      asked.push(request);
      return Promise.resolve({ pending: { device: fixtureDevice, retryAfterMs: 0 } });
    },
  };

  const enrolled = enrol({ identity, service, clock }, wish);

  await expect(enrolled).rejects.toMatchObject({ code: "NOT_APPROVED" });
  expect(nowMs).toBeGreaterThanOrEqual(claimLimits.approvalWaitMsMax);
  expect(nowMs).toBeLessThan(claimLimits.approvalWaitMsMax + claimLimits.approvalPollMsMax);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(claimLimits.approvalPollMsMax);
  const nonces = asked.map(
    ({ envelope }) => openEnrolMessage(Buffer.from(envelope, "base64")).message.nonce,
  );
  expect(new Set(nonces).size).toBe(asked.length);
  expect(asked.length).toBeLessThan(claimLimits.messagesPerUseMax / 2);
  expect(Object.keys(identity.held)).toEqual(["seed"]);
});
