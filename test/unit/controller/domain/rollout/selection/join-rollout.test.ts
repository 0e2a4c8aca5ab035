import { RolloutPlan } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import type { z } from "zod";
import { joinRollout } from "../../../../../../controller/src/domain/rollout/selection/join-rollout.ts";
import { orderKey } from "../../../../../../controller/src/domain/rollout/selection/order-key.ts";
import { selectableDevices } from "../../../../../support/fleet/selectable-device.ts";

const seed = "5e".repeat(32);
const otherSeed = "e5".repeat(32);

function planOf(plan: z.input<typeof RolloutPlan>): RolloutPlan {
  return RolloutPlan.parse(plan);
}

const devices = selectableDevices(3, (index) => ({
  labels: { site: index === 0 ? "lab" : "field" },
}));
const stages = [
  { size: { devices: 1 }, filter: "site==lab" },
  { size: { percent: 100 } },
] satisfies z.input<typeof RolloutPlan>["stages"];
const join = (lateJoiners: RolloutPlan["lateJoiners"], stage: number | null) =>
  joinRollout({ plan: planOf({ stages, lateJoiners }), seed, devices, stage, position: 100 });

test("devices that come later are left out, if the plan says so", () => {
  expect(join("none", 0)).toEqual([]);
});

test("devices that come later stand behind everybody, without a stage until the last one has begun", () => {
  expect(join("last-stage", 0).map(({ position, stage }) => [position, stage])).toEqual([
    [100, null],
    [101, null],
    [102, null],
  ]);
  expect(join("last-stage", null).every(({ stage }) => stage === null)).toBe(true);
  expect(join("last-stage", 1).every(({ stage }) => stage === 1)).toBe(true);
});

test("devices that come later come into the stage under way, if the plan says so and its filter chooses them", () => {
  const places = join("dynamic", 0);

  const stageOf = new Map(places.map(({ device, stage }) => [String(device), stage]));
  expect(stageOf).toEqual(
    new Map([
      ["cam-00000", 0],
      ["cam-00001", null],
      ["cam-00002", null],
    ]),
  );
  expect(places.every(({ isControl }) => !isControl)).toBe(true);
});

test("devices that come later have no place when the last stage does not want them", () => {
  const plan = planOf({ stages: [{ size: { percent: 100 }, filter: "site==lab" }] });

  const places = joinRollout({ plan, seed, devices, stage: 0, position: 0 });

  expect(places.map(({ device, stage }) => [String(device), stage])).toEqual([["cam-00000", 0]]);
});

test("devices that come later have an order among themselves that the seed decides", () => {
  const many = selectableDevices(20);
  const plan = planOf({});
  const orderBy = (by: string) =>
    joinRollout({ plan, seed: by, devices: many, stage: null, position: 0 }).map(
      ({ device }) => device,
    );

  expect(orderBy(seed)).not.toEqual(orderBy(otherSeed));
  expect(orderBy(seed)).toEqual(
    many.map(({ id }) => id).toSorted((a, b) => (orderKey(seed, a) < orderKey(seed, b) ? -1 : 1)),
  );
});
