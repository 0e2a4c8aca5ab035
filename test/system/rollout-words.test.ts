import type { Grant } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import type { Principal } from "../../controller/src/domain/access/principal.ts";
import { refused } from "../support/controller/refused.ts";
import {
  conduct,
  eventsOf,
  inOrder,
  percent,
  serving,
} from "../support/rollout/rollout-questions.ts";
import { rolloutWorld } from "../support/rollout/rollout-world.ts";

const everywhere: Grant = { role: "deployer", models: ["*"], labels: {} };
const person = (name: string, grants: readonly Grant[] = [everywhere]): Principal => ({
  kind: "api-key",
  id: `key:${name}`,
  grants,
});

test("R19: nobody approves his own rollout; a second person does, and only then an order goes out", async () => {
  await using world = await rolloutWorld({ devices: 2, rolloutsAwaitApproval: true });
  const release = await world.publish("1.0.0");
  const { id } = await world.start({ plan: { stages: [percent(100)] } }, person("ann"));
  expect(await world.show(id)).toMatchObject({ state: "awaiting-approval" });

  const own = world.say(id, { kind: "approve", reason: "I am sure" }, person("ann"));
  expect(await refused(own)).toMatchObject({ code: "SECOND_PERSON_REQUIRED" });
  expect(serving(world, release)).toHaveLength(0);
  await world.say(id, { kind: "approve", reason: "seen on the bench" }, person("bob"));

  expect(await world.show(id)).toMatchObject({
    state: "completed",
    approval: { state: "approved", requestedBy: "key:ann", approvedBy: "key:bob" },
  });
});

test("R19: a denial is the end, with its reason", async () => {
  await using world = await rolloutWorld({ devices: 2, rolloutsAwaitApproval: true });
  const release = await world.publish("1.0.0");
  const { id } = await world.start({ plan: { stages: [percent(100)] } }, person("ann"));

  await world.say(id, { kind: "deny", reason: "not before the holidays" }, person("bob"));

  expect(await world.show(id)).toMatchObject({
    state: "denied",
    detail: "not before the holidays",
  });
  const late = world.say(id, { kind: "approve", reason: "now?" }, person("bob"));
  expect(await refused(late)).toMatchObject({ code: "ROLLOUT_STATE" });
  expect(serving(world, release)).toHaveLength(0);
});

test("R20: who resumes a halt acknowledges its failures; the next one beyond the limit halts again", async () => {
  await using world = await rolloutWorld({ devices: 50 });
  await world.publish("1.0.0");
  const thresholds = { successPercent: 50, errorPercent: 10 };
  const stages = [percent(100, { thresholds })];
  let orders = 0;
  const bad = new Set([1, 2, 3, 4, 5, 6, 20]);
  world.conductOf = () =>
    bad.has(++orders) ? { kind: "refuse", code: "FORMAT" } : { kind: "confirm" };
  const { id } = await world.start({ plan: { stages, inFlightMax: 1 } });
  expect(await world.show(id)).toMatchObject({ state: "paused", stages: [{ bad: 6 }] });

  await world.say(id, { kind: "resume", reason: "those six have a broken camera" });

  const again = await world.show(id);
  expect(again).toMatchObject({ state: "paused", paused: "halt" });
  expect(again.stages).toMatchObject([{ state: "failed", bad: 7, acknowledged: 6 }]);
  const resumed = (await eventsOf(world, id)).find(({ action }) => action === "rollout.resumed");
  expect(resumed?.detail).toContain("broken camera");
});

test("R21: an abort with keep leaves devices as they are, one with revert sends each to what it ran itself", async () => {
  await using world = await rolloutWorld({
    devices: 10,
    labelsOf: (number) => ({ line: number % 2 === 0 ? "even" : "odd" }),
  });
  const [first, second] = [await world.publish("1.0.0"), await world.publish("1.1.0")];
  const everyone = { stages: [percent(100)] };
  await world.start({ plan: { ...everyone, select: "line==even" } });
  await world.start({ version: "1.1.0", plan: { ...everyone, select: "line==odd" } });
  const third = await world.publish("2.0.0");
  const stages = [percent(40, { review: true }), percent(100)];

  const kept = await world.start({ version: "2.0.0", plan: { stages } });
  expect(kept).toMatchObject({ state: "paused", paused: "review" });
  await world.say(kept.id, { kind: "abort", reason: "enough", devices: "keep" });
  expect(await world.show(kept.id)).toMatchObject({ state: "aborted" });
  expect(serving(world, third)).toHaveLength(4);

  const back = await world.start({ version: "2.0.0", plan: { stages: [percent(100)] } });
  expect(serving(world, third)).toHaveLength(10);
  const ran = [...world.devices.values()].filter(({ served }) => served.length === 2);
  expect(ran).toHaveLength(10);
  expect(back.state).toBe("completed");
  await world.say(back.id, { kind: "rollback", reason: "worse at night" });

  const sent = await inOrder(world, back.id);
  const before = sent.filter(({ active }) => [first, second].includes(active?.release ?? first));
  expect(before).toHaveLength(6);
  for (const device of before) expect(device.active?.release).toBe(device.served[0]);
  expect(new Set(before.map(({ active }) => active?.release)).size).toBe(2);
});

test("R22: a stage that asks for a person waits for one, however good its figures are", async () => {
  await using world = await rolloutWorld({ devices: 10 });
  const release = await world.publish("1.0.0");
  const stages = [percent(20, { review: true }), percent(100)];

  const { id } = await world.start({ plan: { stages } });
  await world.pass(24 * 3_600_000, 24);

  expect(await world.show(id)).toMatchObject({ state: "paused", paused: "review" });
  expect(serving(world, release)).toHaveLength(2);
  await world.say(id, { kind: "promote", reason: "looks good" });
  expect(await world.show(id)).toMatchObject({ state: "completed" });
});

test("R22: a rollback touches no device that somebody has given another release since", async () => {
  await using world = await rolloutWorld({ devices: 4 });
  await world.publish("1.0.0");
  const { id } = await world.start({ plan: { stages: [percent(100)] } });
  const promoted = await world.publish("2.0.0");
  await world.start({ version: "2.0.0", plan: { stages: [percent(100)] } });

  await world.say(id, { kind: "rollback", reason: "too late" });

  expect(serving(world, promoted)).toHaveLength(4);
});

test("R23: a second rollout on the same devices is refused, unless it has a higher priority: then it takes those that have not begun to serve", async () => {
  await using world = await rolloutWorld({ devices: 10 });
  const first = await world.publish("1.0.0");
  const stages = [percent(40, { review: true }), percent(100)];
  const { id } = await world.start({ plan: { stages } });
  const urgent = await world.publish("1.0.1");

  const equal = world.start({ version: "1.0.1", plan: { stages: [percent(100)] } });
  expect(await refused(equal)).toMatchObject({ code: "CONFLICT" });
  const higher = await world.start({
    version: "1.0.1",
    plan: { stages: [percent(100)], priority: 90 },
  });

  expect(higher.state).toBe("completed");
  expect(serving(world, urgent)).toHaveLength(10);
  const funnel = (await world.show(id)).stages.map((stage) => stage.funnel);
  expect(funnel).toMatchObject([{ succeeded: 4 }, { canceled: 6 }]);
  expect(serving(world, first)).toHaveLength(0);
});

test("R32: a release that was rolled back is not rolled out again but with a reason, which is written down by itself", async () => {
  await using world = await rolloutWorld({ devices: 4 });
  await world.publish("1.0.0");
  await world.start({ plan: { stages: [percent(100)] } });
  const release = await world.publish("2.0.0");
  const plan = { stages: [percent(100)] };
  const { id } = await world.start({ version: "2.0.0", plan });
  await world.say(id, { kind: "rollback", reason: "worse at night" });

  const again = world.start({ version: "2.0.0", plan });
  expect(await refused(again)).toMatchObject({ code: "POISONED" });
  const overridden = await world.start({
    version: "2.0.0",
    plan,
    overridePoisoned: { reason: "it was the lens" },
  });

  expect(overridden.state).toBe("completed");
  expect(serving(world, release)).toHaveLength(4);
  const actions = (await eventsOf(world, overridden.id)).map(({ action }) => action);
  expect(actions).toContain("rollout.poison-overridden");
});

test("a plan that sends back after a failure does so by itself, and poisons the release", async () => {
  await using world = await rolloutWorld({ devices: 10 });
  const first = await world.publish("1.0.0");
  await world.start({ plan: { stages: [percent(100)] } });
  const release = await world.publish("2.0.0");
  conduct([...world.devices.values()].slice(0, 5), release);

  const { id } = await world.start({
    version: "2.0.0",
    plan: { stages: [percent(100)], onFailure: "revert" },
  });

  expect(await world.show(id)).toMatchObject({ state: "rolled-back" });
  expect(serving(world, first)).toHaveLength(10);
  expect(await world.stores.rollouts.poisoned(release)).toMatchObject({ rollout: id });
});
