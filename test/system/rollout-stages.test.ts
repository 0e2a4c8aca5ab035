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

const thresholds = (successPercent: number, errorPercent: number) => ({
  thresholds: { successPercent, errorPercent },
});

test("R1: a hundred devices in three stages all end confirmed, each stage passed, and all of it is written down", async () => {
  await using world = await rolloutWorld({ devices: 100 });
  const release = await world.publish("1.0.0");

  const { id } = await world.start({ plan: { stages: [5, 25, 100].map((one) => percent(one)) } });

  const rollout = await world.show(id);
  expect(rollout).toMatchObject({ state: "completed", devices: 100 });
  expect(rollout.stages.map(({ state, size, ok }) => ({ state, size, ok }))).toEqual([
    { state: "passed", size: 5, ok: 5 },
    { state: "passed", size: 20, ok: 20 },
    { state: "passed", size: 75, ok: 75 },
  ]);
  expect(serving(world, release)).toHaveLength(100);
  const actions = (await eventsOf(world, id)).map(({ action }) => action);
  const times = (wanted: string) => actions.filter((action) => action === wanted).length;
  expect(times("execution.offered")).toBe(100);
  expect(times("execution.succeeded")).toBe(100);
  expect(times("stage.passed")).toBe(3);
  expect(times("rollout.completed")).toBe(1);
});

test("R2: the same seed twice makes the same stages; 5 made to 25 % keeps the first 5 %", async () => {
  const split = async (shares: readonly number[], draws = 0) => {
    await using world = await rolloutWorld({ devices: 60 });
    await world.publish("1.0.0");
    for (let draw = 0; draw < draws; draw++) world.clock.randomBytes(1);
    // The first one waits for a review: what devices do with it is asked elsewhere.
    const plan = { stages: shares.map((one) => percent(one, { review: one < 100 })) };
    const { id } = await world.start({ plan });
    const { seed, stages } = await world.show(id);
    const order = (await inOrder(world, id)).map((device) => device.id);
    const members = stages.map(({ size }, stage) => {
      const from = stages.slice(0, stage).reduce((sum, before) => sum + before.size, 0);
      return order.slice(from, from + size);
    });
    return { seed, members };
  };

  const [first, again] = [await split([5, 100]), await split([5, 100])];
  const larger = await split([25, 100]);
  const other = await split([5, 100], 1);

  expect(again).toEqual(first);
  expect(larger.seed).toBe(first.seed);
  expect(first.members.map((stage) => stage.length)).toEqual([3, 57]);
  expect(larger.members.map((stage) => stage.length)).toEqual([15, 45]);
  expect(larger.members[0]).toEqual(expect.arrayContaining(first.members[0] ?? []));
  expect(other.seed).not.toBe(first.seed);
  expect(other.members[0]).not.toEqual(first.members[0]);
});

test("R4: five failures of fifty go on, the sixth halts: no order follows, and the reason names count and limit", async () => {
  await using world = await rolloutWorld({ devices: 60 });
  await world.publish("1.0.0");
  const stages = [{ size: { devices: 50 }, ...thresholds(80, 10) }, { size: { devices: 10 } }];
  let orders = 0;
  const failing = (count: number) => () =>
    orders++ < count ? ({ kind: "refuse", code: "FORMAT" } as const) : undefined;

  world.conductOf = failing(5);
  const five = await world.start({ plan: { stages, inFlightMax: 1 } });
  expect(five).toMatchObject({ state: "completed-with-failures" });
  expect(five.stages[0]).toMatchObject({ state: "passed", bad: 5 });

  await world.publish("2.0.0");
  orders = 0;
  world.conductOf = failing(6);
  const { id } = await world.start({ version: "2.0.0", plan: { stages, inFlightMax: 1 } });
  const six = await world.show(id);
  expect(six).toMatchObject({ state: "paused", paused: "halt" });
  expect(six.stages).toMatchObject([{ state: "failed", bad: 6 }, { state: "pending" }]);
  expect(six.detail).toMatch(/6 of 50/);
  const sent = world.bus.sent;
  await world.pass(3_600_000, 5);
  expect(world.bus.sent).toBe(sent);
});

test("R5: complete is not success: five of ten failed, so the second stage never begins", async () => {
  await using world = await rolloutWorld({ devices: 20 });
  const release = await world.publish("1.0.0");
  conduct(world.devices.values(), release);
  const stages = [{ size: { devices: 10 }, ...thresholds(80, 50) }, percent(100)];

  const { id } = await world.start({ plan: { stages, inFlightMax: 1 } });

  const rollout = await world.show(id);
  expect(rollout).toMatchObject({ state: "paused", paused: "halt" });
  expect(rollout.stages).toMatchObject([{ state: "failed", bad: 3 }, { state: "pending" }]);
});

test("R6: of twenty with 90 %, the third failure ends the stage at once", async () => {
  await using world = await rolloutWorld({ devices: 20 });
  const release = await world.publish("1.0.0");
  conduct([...world.devices.values()].slice(0, 20), release);
  const stages = [percent(100, thresholds(90, 100))];

  const { id } = await world.start({ plan: { stages, inFlightMax: 1 } });

  const rollout = await world.show(id);
  expect(rollout).toMatchObject({ state: "paused", paused: "halt" });
  expect(rollout.stages).toMatchObject([{ state: "failed", bad: 3, counted: 20 }]);
  expect((await inOrder(world, id)).filter(({ orders }) => orders.length > 0)).toHaveLength(3);
});

test("R7: a device that says confirmed and serves other bytes counts as bad, and is shown as diverged", async () => {
  await using world = await rolloutWorld({ devices: 2 });
  const release = await world.publish("1.0.0");
  conduct(world.devices.values(), release, { kind: "lie" });

  const { id } = await world.start({ plan: { stages: [percent(100)] } });

  expect((await statesOf(world, id))[0]).toBe("rolled-back DIVERGED");
  expect(await world.show(id)).toMatchObject({ state: "paused", paused: "halt" });
  expect(serving(world, release)).toHaveLength(0);
});
