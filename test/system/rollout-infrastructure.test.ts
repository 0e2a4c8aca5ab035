import { expect, test } from "vitest";
import { eventsOf, percent, statesOf } from "../support/rollout/rollout-questions.ts";
import { rolloutWorld } from "../support/rollout/rollout-world.ts";

const MINUTE_MS = 60_000;
const perMinute = 12;

/** Most orders that were given within one minute, wherever it begins. */
function busiestMinute(atMs: readonly number[]): number {
  return Math.max(
    ...atMs.map((from) => atMs.filter((at) => at >= from && at < from + MINUTE_MS).length),
  );
}

const detailsOf = async (world: Parameters<typeof eventsOf>[0], id: string) =>
  (await eventsOf(world, id)).filter(({ action }) => action.startsWith("execution."));

test("R28: while the broker is down for five minutes nobody fails, and afterwards nothing is caught up faster than the rate", async () => {
  await using world = await rolloutWorld({ devices: 30 });
  await world.publish("1.0.0");
  const timeouts = { offerMs: MINUTE_MS, stepMs: MINUTE_MS, executionMs: 60 * MINUTE_MS };
  const { id } = await world.start({
    plan: { stages: [percent(100)], rate: { perMinute }, timeouts },
  });
  await world.pass(MINUTE_MS, 6);
  const before = (await statesOf(world, id)).filter((state) => state === "succeeded").length;

  for (const device of world.devices.values()) await world.leave(device);
  await world.pass(5 * MINUTE_MS, 10);
  for (const device of world.devices.values()) await world.connect(device);
  await world.pass(4 * MINUTE_MS, 24);

  const orders = (await detailsOf(world, id)).filter(
    ({ action }) => action === "execution.offered",
  );
  expect(before).toBeLessThan(30);
  expect(await world.show(id)).toMatchObject({ state: "completed" });
  expect(new Set(await statesOf(world, id))).toEqual(new Set(["succeeded"]));
  expect(orders).toHaveLength(30);
  expect(busiestMinute(orders.map(({ atMs }) => atMs))).toBeLessThanOrEqual(perMinute);
});

test("R28: a download server that turns every second one away fails no device and costs none of its attempts", async () => {
  await using world = await rolloutWorld({ devices: 20 });
  await world.publish("1.0.0");
  let asked = 0;
  world.conductOf = () => {
    asked += 1;
    const isShed = asked % 2 === 0;
    return isShed
      ? {
          kind: "refuse",
          code: "DOWNLOAD_FAILED",
          detail: "expected the file from the source, got HTTP status 503",
        }
      : undefined;
  };
  const retries = { attemptsMax: 1, backoffMs: 1_000, backoffMsMax: 4_000 };

  const { id } = await world.start({
    plan: { stages: [percent(100)], rate: { perMinute }, retries },
  });
  await world.pass(8 * MINUTE_MS, 96);

  const steps = await detailsOf(world, id);
  const query = { states: [], stage: null, limit: 500, cursor: null };
  const { executions } = await world.stores.rollouts.executions(id, query);
  const orders = steps.filter(({ action }) => action === "execution.offered");
  expect(await world.show(id)).toMatchObject({ state: "completed", stages: [{ bad: 0, ok: 20 }] });
  expect(new Set(executions.map(({ execution }) => execution.attempts))).toEqual(new Set([1]));
  expect(orders.length).toBeGreaterThan(25);
  expect(busiestMinute(orders.map(({ atMs }) => atMs))).toBeLessThanOrEqual(perMinute);
  for (const { device } of executions) {
    expect(await world.stores.rollouts.failuresOf(device, 0)).toEqual([]);
  }
});
