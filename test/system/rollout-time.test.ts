import { expect, test } from "vitest";
import {
  conduct,
  inOrder,
  percent,
  serving,
  statesOf,
} from "../support/rollout/rollout-questions.ts";
import { rolloutWorld } from "../support/rollout/rollout-world.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

test("R9: a device that falls silent is asked three times with back-off and then timed out; the stage does not hang", async () => {
  await using world = await rolloutWorld({ devices: 1 });
  const release = await world.publish("1.0.0");
  conduct(world.devices.values(), release, { kind: "stop-after", step: "downloading" });
  const timeouts = { offerMs: HOUR_MS, stepMs: 10 * MINUTE_MS, executionMs: 6 * HOUR_MS };

  const { id } = await world.start({ plan: { stages: [percent(100)], timeouts } });
  await world.pass(2 * HOUR_MS, 120);

  expect(await statesOf(world, id)).toEqual(["timed-out STEP_TIMEOUT"]);
  const [device] = await inOrder(world, id);
  expect(device?.orders).toHaveLength(3);
  expect(await world.show(id)).toMatchObject({ state: "paused", paused: "halt" });
});

test("R10: of a fleet with 30 % offline the stage passes on the rest; who returns later gets the release", async () => {
  await using world = await rolloutWorld({ devices: 10 });
  const release = await world.publish("1.0.0");
  const away = [...world.devices.values()].slice(0, 3);
  for (const device of away) await world.leave(device);
  const stages = [percent(100, { deadlineMs: HOUR_MS })];

  const { id } = await world.start({ plan: { stages } });
  expect((await world.show(id)).stages).toMatchObject([{ state: "deploying", ok: 7 }]);
  await world.pass(2 * HOUR_MS, 4);

  const passed = await world.show(id);
  expect(passed).toMatchObject({ state: "completed" });
  expect(passed.stages).toMatchObject([{ state: "passed", counted: 7, funnel: { straggler: 3 } }]);
  for (const device of away) await world.connect(device);
  await world.settle();
  expect(serving(world, release)).toHaveLength(10);
  expect((await world.show(id)).stages).toMatchObject([{ funnel: { succeeded: 10 } }]);
});

test("R10: a canary that is offline as a whole holds, and never waves the fleet through", async () => {
  await using world = await rolloutWorld({ devices: 10 });
  const release = await world.publish("1.0.0");
  for (const device of world.devices.values()) await world.leave(device);
  const stages = [percent(20, { deadlineMs: HOUR_MS }), percent(100)];

  const { id } = await world.start({ plan: { stages } });
  await world.pass(3 * HOUR_MS, 6);

  expect(await world.show(id)).toMatchObject({ state: "paused", paused: "inconclusive" });
  expect(serving(world, release)).toHaveLength(0);
});

test("R11: a device that returns after the rollback never serves the release", async () => {
  await using world = await rolloutWorld({ devices: 4 });
  const first = await world.publish("1.0.0");
  await world.start({ plan: { stages: [percent(100)] } });
  const second = await world.publish("2.0.0");
  const [away, ...there] = [...world.devices.values()];
  if (away === undefined) throw new Error("expected a device");
  await world.leave(away);

  const { id } = await world.start({ version: "2.0.0", plan: { stages: [percent(100)] } });
  expect(serving(world, second)).toHaveLength(there.length);
  await world.say(id, { kind: "rollback", reason: "it is worse" });
  await world.connect(away);
  await world.settle();

  expect(away.served).toEqual([first]);
  expect(serving(world, first)).toHaveLength(4);
  expect(await world.show(id)).toMatchObject({ state: "rolled-back" });
});

test("R24: a device that joins during the first stage comes with the last one, under its rate", async () => {
  await using world = await rolloutWorld({ devices: 10 });
  const release = await world.publish("1.0.0");
  const stages = [percent(20, { bakeMs: HOUR_MS }), percent(100)];

  const { id } = await world.start({ plan: { stages, rate: { perMinute: 12 } } });
  const late = await world.addDevice(99);
  await world.pass(30 * MINUTE_MS, 30);
  expect(serving(world, release)).toHaveLength(2);
  expect(late.orders).toHaveLength(0);
  const before = world.bus.sent;
  await world.pass(30 * MINUTE_MS + 1, 1);

  expect(world.bus.sent - before).toBeLessThanOrEqual(12);
  await world.pass(10 * MINUTE_MS, 60);
  expect(late.active?.release).toBe(release);
  expect(await world.show(id)).toMatchObject({ state: "completed" });
});
