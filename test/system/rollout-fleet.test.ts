import { decodeEnvelope, encodeEnvelope } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import {
  conduct,
  eventsOf,
  inOrder,
  percent,
  serving,
  statesOf,
} from "../support/rollout/rollout-questions.ts";
import { rolloutWorld } from "../support/rollout/rollout-world.ts";

const HOUR_MS = 3_600_000;

/** The same envelope about another release. */
function withOtherDigest(envelope: Uint8Array): Uint8Array {
  const { payload, payloadType, signatures } = decodeEnvelope(envelope);
  const said = new TextDecoder().decode(payload);
  const forged = new TextEncoder().encode(said.replaceAll(/[0-9a-f]{64}/g, "f".repeat(64)));
  return encodeEnvelope(payloadType, forged, signatures);
}

test("R3: a canary of twenty has both hardware classes in proportion", async () => {
  await using world = await rolloutWorld({
    devices: 100,
    labelsOf: (number) => ({ board: number < 90 ? "pi5" : "orin" }),
  });
  const release = await world.publish("1.0.0");
  const stages = [{ size: { devices: 20 }, review: true }, percent(100)];

  await world.start({ plan: { stages, stratifyBy: ["board"] } });

  const canary = serving(world, release);
  const names = new Set(canary.map(({ id }) => id));
  const orin = [...world.devices.values()].slice(90).filter(({ id }) => names.has(id));
  expect(canary).toHaveLength(20);
  expect(Math.abs(orin.length - 2)).toBeLessThanOrEqual(1);
  expect(orin.length).toBeGreaterThan(0);
});

test("R8: a confirmed device that falls back re-opens the count and, where the plan says so, gets the release again", async () => {
  await using world = await rolloutWorld({ devices: 4 });
  await world.publish("1.0.0");
  await world.start({ plan: { stages: [percent(100)] } });
  const release = await world.publish("2.0.0");
  const thresholds = { successPercent: 50, errorPercent: 50 };
  const stages = [percent(100, { thresholds })];
  const plan = { stages, watchMs: 2 * HOUR_MS, onFallback: "offer-again" };
  const { id } = await world.start({ version: "2.0.0", plan });
  expect(await world.show(id)).toMatchObject({ state: "completed", stages: [{ ok: 4 }] });
  await world.pass(HOUR_MS);

  const [fallen] = await inOrder(world, id);
  if (fallen === undefined) throw new Error("expected a device");
  await world.report(fallen, fallen.fallBack(world.clock.nowMs()));
  const seen = await world.show(id);
  expect(seen.stages[0]).toMatchObject({ ok: 3 });
  await world.settle();
  await world.pass(HOUR_MS / 2, 10);

  const actions = (await eventsOf(world, id)).map(({ action }) => action);
  expect(actions).toContain("execution.rolled-back");
  expect(fallen.orders.length).toBeGreaterThan(1);
  expect(serving(world, release)).toHaveLength(4);
});

test("R25: of no site are more than two devices out of service at once, and one that died keeps its place", async () => {
  await using world = await rolloutWorld({
    devices: 12,
    labelsOf: (number) => ({ site: number % 2 === 0 ? "north" : "south" }),
  });
  const release = await world.publish("1.0.0");
  conduct(world.devices.values(), release, { kind: "stop-after", step: "downloading" });
  const budget = { groupBy: "site", unavailableMax: 2 };
  const [first] = [...world.devices.values()];
  if (first === undefined) throw new Error("expected a device");
  await world.leave(first);

  const { id } = await world.start({ plan: { stages: [percent(100)], budget } });

  const busy = (site: number) =>
    [...world.devices.values()].filter(
      ({ orders, isOnline }, number) => number % 2 === site && (orders.length > 0 || !isOnline),
    );
  expect(busy(0)).toHaveLength(2);
  expect(busy(1)).toHaveLength(2);
  expect((await statesOf(world, id)).filter((state) => state.startsWith("queued"))).toHaveLength(8);
  await world.pass(10 * 60_000, 10);
  expect(busy(0).length).toBeLessThanOrEqual(2);
});

test("R29: a report that comes twice, late, changed on its way, of another's key or of an old order changes nothing", async () => {
  await using world = await rolloutWorld({ devices: 2 });
  const release = await world.publish("1.0.0");
  conduct(world.devices.values(), release, { kind: "stop-after", step: "downloading" });
  const { id } = await world.start({ plan: { stages: [percent(100)] } });
  const [device, other] = [...world.devices.values()];
  if (device === undefined || other === undefined) throw new Error("expected two devices");
  const nowMs = world.clock.nowMs();
  const early = device.reportOf([], nowMs);
  const before = await statesOf(world, id);

  device.active = { release, model: "vision.defects", version: "1.0.0" } as never;
  const confirmed = device.reportOf([], nowMs);
  await world.report(other, confirmed);
  await world.report(device, withOtherDigest(confirmed));
  expect(await statesOf(world, id)).toEqual(before);
  await world.report(device, confirmed);
  const after = await statesOf(world, id);
  expect(after.filter((state) => state === "succeeded")).toHaveLength(1);
  const written = (await eventsOf(world, id)).length;
  await world.report(device, confirmed);
  await world.report(device, early);

  expect(await statesOf(world, id)).toEqual(after);
  expect(await eventsOf(world, id)).toHaveLength(written);
  await world.tally[Symbol.asyncDispose]();
  const refused = await world.stores.audit.pageOf("SIGNATURE", 0, 10);
  expect(refused).toHaveLength(1);
  expect(refused[0]?.action).toBe("message.refused");
  expect(JSON.parse(refused[0]?.detail ?? "")).toMatchObject({ reason: "SIGNATURE", times: 2 });
});

test("R31: a device that finds the bytes wrong rejects them and is not asked again; one of other hardware is never asked", async () => {
  await using world = await rolloutWorld({ devices: 4 });
  const first = await world.publish("1.0.0");
  await world.start({ plan: { stages: [percent(100)] } });
  const release = await world.publish("2.0.0");
  const [refusing] = [...world.devices.values()];
  if (refusing === undefined) throw new Error("expected a device");
  conduct([refusing], release, { kind: "refuse", code: "DIGEST" });
  const thresholds = { successPercent: 50, errorPercent: 50 };

  const { id } = await world.start({
    version: "2.0.0",
    plan: { stages: [percent(100, { thresholds })] },
  });
  await world.pass(24 * HOUR_MS, 24);

  expect((await statesOf(world, id)).toSorted()).toEqual([
    "rejected DIGEST",
    "succeeded",
    "succeeded",
    "succeeded",
  ]);
  expect(refusing.active?.release).toBe(first);
  expect(refusing.orders.filter((order) => order.release === release)).toHaveLength(1);
  expect(await world.show(id)).toMatchObject({ state: "completed-with-failures" });
});
