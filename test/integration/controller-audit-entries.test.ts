import type { AuditEvent } from "@modelfleet/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ForgetTelemetry } from "../../controller/src/app/ingest/forget-telemetry.ts";
import { localPrincipal } from "../../controller/src/domain/access/principal.ts";
import {
  type ControllerWorld,
  controllerWorld,
  enrolled,
  published,
} from "../support/controller/controller-world.ts";
import { nonceOf, SimulatedDevice } from "../support/controller/simulated-device.ts";

const DAY_MS = 24 * 3_600_000;
const claim = { class: "cam-v2", uses: 1, lifeMs: 3_600_000, labels: {} };

let world: ControllerWorld;
beforeEach(async () => {
  world = await controllerWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

async function entries(action: string): Promise<readonly (AuditEvent & { facts: object })[]> {
  const { events } = await world.audit.page(0, 100);
  return events
    .filter((event) => event.action === action)
    .map((event) => ({ ...event, facts: JSON.parse(event.detail) as object }));
}

test("a claim that is over is forgotten with an entry that names it, once", async () => {
  const first = await world.createClaim.run(claim, localPrincipal);
  await world.clock.advance(DAY_MS);

  await world.createClaim.run(claim, localPrincipal);
  await world.createClaim.run(claim, localPrincipal);

  expect(await entries("claim.created")).toHaveLength(3);
  expect(await entries("claim.forgotten")).toMatchObject([
    { actor: "system", facts: { claims: [first.claim.id] } },
  ]);
});

test("a device that enrols again is told from one that is new", async () => {
  const device = new SimulatedDevice("cam-0017");
  const { enrolment } = await world.createClaim.run(claim, localPrincipal);
  await world.enrolDevice.run(device.enrolRequest(enrolment));

  await world.enrolDevice.run(device.enrolRequest(enrolment, { nonce: nonceOf(2) }));

  expect(await entries("device.enrolled")).toMatchObject([{ subject: "device:cam-0017" }]);
  expect(await entries("device.enrolled-again")).toMatchObject([{ actor: "device:cam-0017" }]);
});

test("a release that is published twice has one entry, and one refused has none", async () => {
  const { release } = await published(world);
  await published(world);

  expect(await entries("release.published")).toMatchObject([
    { actor: "local", subject: `release:${release}`, facts: { version: "1.0.0", files: 2 } },
  ]);
});

test("labels are told as they were and as they are", async () => {
  const { id } = await enrolled(world);

  await world.changeDevice.run(id, { labels: { line: "3", site: "b" } }, localPrincipal);

  expect(await entries("device.labelled")).toMatchObject([
    { facts: { before: ["site=plant-a"], after: ["line=3", "site=b"] } },
  ]);
});

test("telemetry that is forgotten has one entry a day with how much, and none where there is none", async () => {
  const { id } = await enrolled(world);
  const batch = { device: id, era: 0, boot: 1, dropped: 0, windows: [] };
  for (const seq of [0, 1]) {
    await world.telemetry.add({ ...batch, seq, receivedAtMs: world.clock.nowMs() });
  }
  const forget = new ForgetTelemetry(world);
  await forget.run();
  await world.clock.advance(14 * DAY_MS + 1);

  await forget.run();

  expect(await entries("telemetry.forgotten")).toMatchObject([{ facts: { batches: 2 } }]);
  expect(await world.telemetry.gaps(10)).toEqual([]);
});
