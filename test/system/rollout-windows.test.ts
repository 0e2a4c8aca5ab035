import type { DesiredModel } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import type { FleetDevice } from "../support/rollout/fleet-device.ts";
import { conduct, inOrder, percent, statesOf } from "../support/rollout/rollout-questions.ts";
import { type RolloutWorld, rolloutWorld } from "../support/rollout/rollout-world.ts";

const HOUR_MS = 3_600_000;
const windows = [{ cron: "0 2 * * *", durationMs: HOUR_MS, zone: "device" }];
const stages = [percent(100, { deadlineMs: 20 * 24 * HOUR_MS })];

/** Devices that prove what they are told to run and wait, as their orders say. */
async function waitingWorld(zones: readonly string[]): Promise<RolloutWorld> {
  const world = await rolloutWorld({
    devices: zones.length,
    labelsOf: (number) => ({ timezone: zones[number] ?? "UTC" }),
  });
  const release = await world.publish("1.0.0");
  conduct(world.devices.values(), release, { kind: "wait", detail: "window" });
  return world;
}

function windowsOf(order: DesiredModel | undefined): readonly (readonly string[])[] {
  if (order === undefined || order.activate === "now") throw new Error("expected windows");
  return order.activate.windows;
}

async function only(world: RolloutWorld, id: string): Promise<FleetDevice> {
  const [device] = await inOrder(world, id);
  if (device === undefined) throw new Error("expected a device");
  return device;
}

test("R26: an order names the next eight windows, each in the zone its device is in, and a rollout called off lets nobody wait", async () => {
  await using world = await waitingWorld(["Europe.Berlin", "America.New_York"]);
  const { id } = await world.start({ plan: { stages, windows } });
  const devices = [...world.devices.values()];
  const told = devices.map(({ orders }) => windowsOf(orders[0]));
  await world.say(id, { kind: "rollback", reason: "it is worse" });

  expect(told.map((spans) => spans.length)).toEqual([8, 8]);
  for (const [index, timeZone] of ["Europe/Berlin", "America/New_York"].entries()) {
    const hours = told[index]?.map((span) =>
      span.map((at) => new Intl.DateTimeFormat("en", options(timeZone)).format(new Date(at))),
    );
    expect(hours).toEqual(Array.from({ length: 8 }, () => ["02", "03"]));
  }
  expect(await statesOf(world, id)).toEqual(["canceled ABORTED", "canceled ABORTED"]);
  expect(devices.map(({ wanted }) => wanted)).toEqual([undefined, undefined]);
});

function options(timeZone: string): Intl.DateTimeFormatOptions {
  return { timeZone, hour: "2-digit", hourCycle: "h23" };
}

test("R26: the way back waits for no window, also where the release was ordered for one", async () => {
  await using world = await waitingWorld(["UTC"]);
  const { id: first } = await world.start({ plan: { stages, windows } });
  const device = await only(world, first);
  await world.report(device, device.goOn(world.clock.nowMs()));
  await world.settle();
  await world.publish("2.0.0");
  const { id } = await world.start({ version: "2.0.0", plan: { stages } });
  if (device.previous !== null) device.conducts.delete(device.previous.release);

  await world.say(id, { kind: "rollback", reason: "it is worse" });

  expect(device.orders.map(({ activate }) => (activate === "now" ? "now" : "window"))).toEqual([
    ...["window", "now", "now"],
  ]);
  expect(await statesOf(world, id)).toEqual(["rolled-back REVERTED"]);
});

test("R26: what a device waits for is shown, is no silence, and ends when it serves", async () => {
  await using world = await waitingWorld(["UTC"]);
  const { id } = await world.start({ plan: { stages, windows } });
  const device = await only(world, id);
  const seen = [await statesOf(world, id)];
  const say = async (report: Uint8Array) => {
    await world.report(device, report);
    await world.pass(13 * HOUR_MS, 13);
    seen.push(await statesOf(world, id));
  };

  await say(device.sayOf("waiting", world.clock.nowMs(), { detail: "lock" }));
  await say(device.sayOf("waiting", world.clock.nowMs(), { detail: "window" }));
  await say(
    device.sayOf("deferred", world.clock.nowMs(), { code: "DEFERRED", detail: "put off, once" }),
  );
  const orders = device.orders.length;
  await say(device.goOn(world.clock.nowMs()));

  expect(seen.map(([state]) => state)).toEqual([
    ...["waiting WINDOW", "waiting LOCK", "waiting WINDOW", "waiting CONSENT", "succeeded"],
  ]);
  expect(orders).toBe(1);
  expect(await world.show(id)).toMatchObject({ state: "completed" });
});

test("R26: who denies a release is not asked again, until a person asks", async () => {
  await using world = await waitingWorld(["UTC"]);
  const { id } = await world.start({ plan: { stages, windows } });
  const device = await only(world, id);
  const denial = { code: "CONSENT_DENIED", detail: "not before the harvest" } as const;
  await world.report(device, device.sayOf("refused", world.clock.nowMs(), denial));
  await world.pass(48 * HOUR_MS, 48);
  await world.connect(device);
  await world.pass(HOUR_MS, 4);
  const [denied, attempts] = [await statesOf(world, id), device.orders.map(attemptOf)];

  await world.say(id, { kind: "retry-failed", reason: "they agree now" });
  await world.say(id, { kind: "resume", reason: "they agree now" });
  const again = await statesOf(world, id);
  await world.report(device, device.goOn(world.clock.nowMs()));
  await world.settle();

  expect(denied).toEqual(["rejected CONSENT_DENIED"]);
  expect(new Set(attempts)).toEqual(new Set([1]));
  expect(again).toEqual(["waiting WINDOW"]);
  expect(device.orders.map(attemptOf).at(-1)).toBe(2);
  expect(await statesOf(world, id)).toEqual(["succeeded"]);
});

function attemptOf({ attempt = 1 }: DesiredModel): number {
  return attempt;
}
