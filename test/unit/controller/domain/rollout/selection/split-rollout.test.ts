import { RolloutPlan } from "@modelfleet/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { orderKey } from "../../../../../../controller/src/domain/rollout/selection/order-key.ts";
import {
  type SplitDevice,
  splitRollout,
} from "../../../../../../controller/src/domain/rollout/selection/split-rollout.ts";
import {
  selectableDevice,
  selectableDevices,
} from "../../../../../support/fleet/selectable-device.ts";

const fastCheckSeed = 20_261_206;
const seed = "5e".repeat(32);
const otherSeed = "e5".repeat(32);

function planOf(plan: z.input<typeof RolloutPlan>): RolloutPlan {
  return RolloutPlan.parse(plan);
}

function percents(...shares: readonly number[]) {
  return planOf({ stages: shares.map((percent) => ({ size: { percent } })) });
}

/** Names of the devices of each stage, then of the control cohort. */
function cohorts(plan: RolloutPlan, devices: readonly SplitDevice[], by = seed) {
  const { places, leftOut } = splitRollout({ plan, seed: by, devices });
  const of = (stage: number | null) =>
    places.filter((place) => place.stage === stage).map(({ device }) => device);
  return { stages: plan.stages.map((_, stage) => of(stage)), control: of(null), leftOut, places };
}

function sizes(plan: RolloutPlan, devices: readonly SplitDevice[]): readonly number[] {
  return cohorts(plan, devices).stages.map((stage) => stage.length);
}

describe("the order", () => {
  test("is by HMAC-SHA-256 of the id under the seed", () => {
    // printf cam-00001 | openssl dgst -sha256 -hmac $(printf '5e%.0s' $(seq 32))
    expect(orderKey(seed, selectableDevice("cam-00001").id)).toBe(
      "a1ff29a46d6a18e471f3effdc11a3e0325cb338c2d525b1f23d363da5fe596c0",
    );
    expect(() => orderKey("5e", selectableDevice("cam-00001").id)).toThrow(RangeError);
    expect(() => orderKey(seed.toUpperCase(), selectableDevice("cam-00001").id)).toThrow(
      RangeError,
    );
  });

  test("is the same for the same seed, whatever order the devices come in, and another for another", () => {
    const devices = selectableDevices(100);
    const plan = percents(5, 25, 100);

    expect(cohorts(plan, devices.toReversed())).toEqual(cohorts(plan, devices));
    expect(cohorts(plan, devices, otherSeed).stages[0]).not.toEqual(
      cohorts(plan, devices).stages[0],
    );
  });

  test("numbers every device once, without a gap", () => {
    const { places } = cohorts(percents(10, 100), selectableDevices(50));

    expect(places.map(({ position }) => position)).toEqual([...Array(50).keys()]);
    expect(new Set(places.map(({ device }) => device)).size).toBe(50);
  });
});

describe("sizes of stages", () => {
  test("shares are cumulative and rounded up", () => {
    expect(sizes(percents(5, 25, 100), selectableDevices(100))).toEqual([5, 20, 75]);
    expect(sizes(percents(5, 25, 100), selectableDevices(10))).toEqual([1, 2, 7]);
    expect(sizes(percents(1, 2, 100), selectableDevices(1))).toEqual([1, 0, 0]);
    expect(sizes(percents(1, 100), selectableDevices(100))).toEqual([1, 99]);
    expect(sizes(percents(1, 100), selectableDevices(101))).toEqual([2, 99]);
  });

  test("a number of devices is added to those before, as far as there are any", () => {
    const plan = planOf({
      stages: [{ size: { devices: 3 } }, { size: { percent: 50 } }, { size: { devices: 100 } }],
    });

    expect(sizes(plan, selectableDevices(20))).toEqual([3, 7, 10]);
    expect(sizes(plan, selectableDevices(2))).toEqual([2, 0, 0]);
  });

  test("a share that earlier stages have used up adds nobody", () => {
    const plan = planOf({ stages: [{ size: { devices: 10 } }, { size: { percent: 20 } }] });

    expect(sizes(plan, selectableDevices(20))).toEqual([10, 0]);
  });

  test("whom no stage takes is left out, and no part of the rollout", () => {
    const { stages, leftOut, places } = cohorts(percents(10), selectableDevices(30));

    expect(stages[0]).toHaveLength(3);
    expect(leftOut).toHaveLength(27);
    expect(places).toHaveLength(3);
  });

  test("a larger share keeps the devices of the smaller one, at every share", () => {
    const devices = selectableDevices(137, (index) => ({
      class: index % 10 === 0 ? "cam-v3" : "cam-v2",
    }));
    const shares = Array.from({ length: 99 }, (_, index) => index + 1);
    for (const stratifyBy of [[], ["class"]]) {
      const firsts = shares.map((percent) => {
        const plan = { ...percents(percent, 100), stratifyBy };
        return cohorts(plan, devices).stages[0] ?? [];
      });

      firsts.slice(1).forEach((first, index) => {
        expect(first.slice(0, firsts[index]?.length)).toEqual(firsts[index]);
      });
    }
  });
});

describe("strata", () => {
  const devices = selectableDevices(100, (index) => ({
    class: index < 90 ? "cam-v2" : "cam-v3",
    labels: { site: index % 2 === 0 ? "north" : "south" },
  }));

  test("a canary of twenty has both classes in proportion", () => {
    const plan = planOf({
      stratifyBy: ["class"],
      stages: [{ size: { devices: 20 } }, { size: { percent: 100 } }],
    });
    const classes = new Map(devices.map(({ id, class: own }) => [id, own]));

    const canary = cohorts(plan, devices).stages[0] ?? [];

    expect(canary.filter((id) => classes.get(id) === "cam-v2")).toHaveLength(18);
    expect(canary.filter((id) => classes.get(id) === "cam-v3")).toHaveLength(2);
  });

  test("of several labels every combination is a stratum, and so is their absence", () => {
    const all = [...devices, selectableDevice("bare-1", { class: "cam-v2" })];
    const plan = planOf({
      stratifyBy: ["class", "site"],
      stages: [{ size: { devices: 5 } }, { size: { percent: 100 } }],
    });

    const canary = cohorts(plan, all).stages[0] ?? [];

    const kinds = all
      .filter(({ id }) => canary.includes(id))
      .map(({ class: own, labels }) => `${own} ${labels["site"] ?? "-"}`);
    expect(kinds.toSorted()).toEqual([
      "cam-v2 -",
      "cam-v2 north",
      "cam-v2 south",
      "cam-v3 north",
      "cam-v3 south",
    ]);
  });

  test("the control cohort has them in proportion too", () => {
    const plan = planOf({
      stratifyBy: ["class"],
      control: { devices: 20 },
      stages: [{ size: { percent: 50 } }, { size: { percent: 100 } }],
    });
    const classes = new Map(devices.map(({ id, class: own }) => [id, own]));

    const { control } = cohorts(plan, devices);

    const rare = control.filter((id) => classes.get(id) === "cam-v3").length;
    expect(control).toHaveLength(20);
    expect(rare).toBeGreaterThanOrEqual(1);
    expect(rare).toBeLessThanOrEqual(3);
  });
});

describe("filters, control and skipped devices", () => {
  test("a stage takes only whom its filter chooses, in order, and later ones take the rest", () => {
    const devices = selectableDevices(40, (index) => ({
      labels: { site: index < 10 ? "lab" : "field" },
    }));
    const plan = planOf({
      stages: [{ size: { percent: 50 }, filter: "site==lab" }, { size: { percent: 100 } }],
    });

    const { stages, leftOut } = cohorts(plan, devices);

    const lab = devices.filter(({ labels }) => labels["site"] === "lab").map(({ id }) => id);
    expect(stages[0]?.toSorted()).toEqual(lab);
    expect(stages[1]).toHaveLength(30);
    expect(leftOut).toEqual([]);
  });

  test("control is the end of what the last stage has, and no more than that", () => {
    const devices = selectableDevices(10);
    const plan = (control: number) =>
      planOf({
        control: { devices: control },
        stages: [{ size: { percent: 60 } }, { size: { percent: 100 } }],
      });

    expect(cohorts(plan(3), devices).stages.map((stage) => stage.length)).toEqual([6, 1]);
    expect(cohorts(plan(3), devices).control).toHaveLength(3);
    expect(cohorts(plan(9), devices).stages.map((stage) => stage.length)).toEqual([6, 0]);
    expect(cohorts(plan(9), devices).control).toHaveLength(4);
    expect(cohorts(plan(3), devices).places.filter(({ isControl }) => isControl)).toHaveLength(3);
  });

  test("whom nothing is offered to takes no place of a canary, and stands at the end", () => {
    const devices = selectableDevices(20, (index) => ({ isExempt: index % 2 === 0 }));
    const skipped = new Set(devices.filter((device) => device.isExempt).map(({ id }) => id));

    const { stages, places } = cohorts(percents(50, 100), devices);

    expect(stages[0]).toHaveLength(5);
    expect(stages[0]?.some((id) => skipped.has(id))).toBe(false);
    expect(places.slice(10).every(({ device, stage }) => skipped.has(device) && stage === 1)).toBe(
      true,
    );
  });

  test("every device has the group that the budget counts it in", () => {
    const devices = [
      selectableDevice("cam-1", { labels: { site: "north" } }),
      selectableDevice("cam-2"),
    ];
    const plan = planOf({ budget: { groupBy: "site", unavailableMax: 1 } });

    const groups = new Map(
      cohorts(plan, devices).places.map(({ device, group }) => [String(device), group]),
    );

    expect(groups).toEqual(
      new Map([
        ["cam-1", "north"],
        ["cam-2", null],
      ]),
    );
  });
});

test(`whatever the plan, each device is in one place or left out, and no stage is larger than it says (seed ${fastCheckSeed})`, () => {
  const size = fc.oneof(
    fc.record({ percent: fc.integer({ min: 1, max: 100 }) }),
    fc.record({ devices: fc.integer({ min: 1, max: 30 }) }),
  );
  const anyPlan = fc.record(
    {
      stages: fc.array(fc.record({ size }), { minLength: 1, maxLength: 4 }),
      control: size,
      stratifyBy: fc.subarray(["class", "site"]),
    },
    { requiredKeys: ["stages"] },
  );
  fc.assert(
    fc.property(anyPlan, fc.integer({ min: 0, max: 60 }), (parts, count) => {
      const devices = selectableDevices(count, (index) => ({
        class: `c${index % 3}`,
        labels: index % 4 === 0 ? {} : { site: `s${index % 5}` },
        isExempt: index % 7 === 6,
      }));

      const { places, leftOut } = splitRollout({ plan: planOf(parts), seed, devices });

      const all = [...places.map(({ device }) => device), ...leftOut];
      expect(all.toSorted()).toEqual(devices.map(({ id }) => id).toSorted());
      expect(places.every(({ isControl, stage }) => isControl === (stage === null))).toBe(true);
      parts.stages.forEach(({ size: own }, stage) => {
        const eligible = devices.filter(({ isExempt }) => !isExempt);
        const inStage = places.filter((place) => place.stage === stage);
        const taken = inStage.filter(({ device }) => eligible.some(({ id }) => id === device));
        const bound =
          "devices" in own ? own.devices : Math.ceil((own.percent * eligible.length) / 100);
        expect(taken.length).toBeLessThanOrEqual(bound);
      });
    }),
    { seed: fastCheckSeed, numRuns: 200 },
  );
});
