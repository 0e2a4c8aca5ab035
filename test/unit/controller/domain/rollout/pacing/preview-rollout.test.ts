import { RolloutPlan, RolloutPreview, Sha256, SlotReport } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { cronerCalendar } from "../../../../../../controller/src/adapters/calendar/croner-calendar.ts";
import { durationMsMin } from "../../../../../../controller/src/domain/rollout/pacing/duration-min.ts";
import {
  type PreviewRequest,
  previewRollout,
} from "../../../../../../controller/src/domain/rollout/pacing/preview-rollout.ts";
import {
  selectableDevice,
  selectableDevices,
} from "../../../../../support/fleet/selectable-device.ts";

const release = Sha256.parse("ab".repeat(32));
const other = Sha256.parse("cd".repeat(32));
const MINUTE_MS = 60_000;

function preview(plan: z.input<typeof RolloutPlan>, parts: Partial<PreviewRequest> = {}) {
  return previewRollout({
    plan: RolloutPlan.parse(plan),
    seed: "5e".repeat(32),
    release,
    releaseBytes: 1_000,
    fleet: selectableDevices(100),
    reasonsOf: () => [],
    conflicts: [],
    calendar: cronerCalendar(),
    nowMs: Date.parse("2026-07-06T12:00:00Z"),
    ...parts,
  });
}

function codesOf(plan: z.input<typeof RolloutPlan>, parts: Partial<PreviewRequest> = {}) {
  return preview(plan, parts).warnings.map(({ code, pointer }) => `${code} ${pointer}`);
}

function serving(slot: string, active: Sha256, previous: Sha256 | null = null): SlotReport {
  const named = (one: Sha256) => ({ release: one, model: "m", version: "1.0.0" });
  return SlotReport.parse({
    slot,
    active: named(active),
    previous: previous && named(previous),
    trial: null,
    refused: [],
  });
}

const canary = { stages: [{ name: "canary", size: { percent: 5 } }, { size: { percent: 100 } }] };

test("says how many devices of each stratum a stage has, the largest first, and none where the plan has no strata", () => {
  const fleet = selectableDevices(100).map((device, index) => ({
    ...device,
    labels: index < 10 ? {} : { site: "plant-a" },
  }));

  const [first] = preview(
    { stages: [{ size: { percent: 20 } }], stratifyBy: ["site"] },
    { fleet },
  ).stages;
  const [plain] = preview({ stages: [{ size: { percent: 20 } }] }, { fleet }).stages;

  expect(first?.strata).toEqual([
    { values: ["plant-a"], devices: 18 },
    { values: [null], devices: 2 },
  ]);
  expect(plain?.strata).toEqual([]);
});

test("says how many devices each stage has, and who some of them are", () => {
  const found = preview({ ...canary, control: { percent: 10 } });

  expect(found.devices).toBe(100);
  expect(found.stages.map(({ name, devices }) => [name, devices])).toEqual([
    ["canary", 5],
    [null, 85],
  ]);
  expect(found.stages.map(({ sample }) => sample.length)).toEqual([5, 50]);
  expect(found.control).toMatchObject({ count: 10 });
  expect(found.eligible.count).toBe(100);
  expect(RolloutPreview.parse(found)).toEqual(found);
});

test("judges every device of the target set once", () => {
  const fleet = [
    selectableDevice("cam-fits"),
    selectableDevice("cam-offline", { online: false }),
    selectableDevice("cam-pinned", { labels: { pinned: "true" } }),
    selectableDevice("cam-too-small"),
    selectableDevice("cam-too-old"),
    selectableDevice("cam-too-old-too"),
    selectableDevice("cam-has-it", { slots: [serving("main", release)] }),
    selectableDevice("cam-had-it", { slots: [serving("main", other, release)] }),
    selectableDevice("cam-elsewhere", { slots: [serving("second", release)] }),
    selectableDevice("cam-not-meant", { class: "gateway" }),
  ];
  const memory = { code: "MEMORY", need: "2 GiB", have: "1 GiB" };
  const opset = { code: "OPSET", need: "21", have: "17" };

  const found = preview(
    { select: "class==cam" },
    {
      fleet,
      reasonsOf: ({ id }) =>
        id === "cam-too-small" || id === "cam-pinned"
          ? [memory, opset]
          : id.startsWith("cam-too-old")
            ? [opset]
            : [],
    },
  );

  expect(found).toMatchObject({
    devices: 9,
    eligible: { count: 4, devices: ["cam-fits", "cam-offline", "cam-had-it", "cam-elsewhere"] },
    alreadyInstalled: { count: 1, devices: ["cam-has-it"] },
    pinned: { count: 1, devices: ["cam-pinned"] },
    offline: { count: 1, devices: ["cam-offline"] },
    incompatible: [
      { code: "MEMORY", count: 1, devices: ["cam-too-small"], reason: memory },
      { code: "OPSET", count: 2, devices: ["cam-too-old", "cam-too-old-too"], reason: opset },
    ],
  });
  // A stage counts who has it already, and neither pinned nor incompatible devices.
  expect(found.stages[0]?.devices).toBe(5);
  // Whoever has it on its disk fetches nothing.
  expect(found.downloadBytes).toBe(2_000);
});

test("a trial of the release is not yet the release installed", () => {
  const slot = {
    ...serving("main", release),
    trial: { ...serving("main", release).active, release },
  };
  const fleet = [selectableDevice("cam-1", { slots: [SlotReport.parse(slot)] })];

  expect(preview({}, { fleet }).alreadyInstalled.count).toBe(0);
});

test("names no more devices than it may, and counts them all", () => {
  const found = preview({}, { fleet: selectableDevices(60) });

  expect(found.eligible.count).toBe(60);
  expect(found.eligible.devices).toHaveLength(50);
});

test("passes conflicts on", () => {
  const conflicts = [{ rollout: "r1", priority: 60, isPreempted: false, devices: 7 }];

  expect(preview({}, { conflicts }).conflicts).toEqual(conflicts);
});

describe("the shortest time", () => {
  const duration = (plan: z.input<typeof RolloutPlan>, devices: number) =>
    durationMsMin(RolloutPlan.parse(plan), devices);

  test("is the bake times alone without a rate", () => {
    const stages = [
      { size: { percent: 5 }, bakeMs: 10 * MINUTE_MS },
      { size: { percent: 100 }, bakeMs: MINUTE_MS },
    ];

    expect(duration({ stages }, 1_000)).toBe(11 * MINUTE_MS);
    expect(preview({ stages, rate: { perMinute: 50 } }).durationMsMin).toBe(13 * MINUTE_MS);
  });

  test("is devices by rate, of a rate that stays the same", () => {
    expect(duration({ rate: { perMinute: 60 } }, 90)).toBe(1.5 * MINUTE_MS);
    expect(duration({ rate: { perMinute: 60 } }, 0)).toBe(0);
  });

  test("counts every step of a rate that grows", () => {
    const rate = { perMinute: 10, factorPercent: 200, every: { offered: 10 }, perMinuteMax: 40 };

    // 10 at 10, 10 at 20, then 40 a minute.
    expect(duration({ rate }, 100)).toBe(1 * MINUTE_MS + 0.5 * MINUTE_MS + 2 * MINUTE_MS);
    expect(duration({ rate }, 15)).toBe(1 * MINUTE_MS + 0.25 * MINUTE_MS);
    expect(duration({ rate: { ...rate, factorPercent: 100 } }, 100)).toBe(10 * MINUTE_MS);
  });

  test("leaves out who has it already", () => {
    const fleet = selectableDevices(20, (index) =>
      index < 10 ? { slots: [serving("main", release)] } : {},
    );

    expect(preview({ rate: { perMinute: 10 } }, { fleet }).durationMsMin).toBe(MINUTE_MS);
  });
});

describe("warnings about this fleet", () => {
  test("none for a plan that fits it", () => {
    expect(codesOf(canary)).toEqual([]);
  });

  test("a stage that adds nobody", () => {
    const stages = [{ size: { devices: 100 } }, { size: { percent: 100 } }];

    expect(codesOf({ stages })).toEqual(["STAGE_EMPTY /stages/1/size"]);
    expect(codesOf({ stages: [{ size: { devices: 99 } }, { size: { percent: 100 } }] })).toEqual(
      [],
    );
  });

  test("more devices to be decided than a stage has", () => {
    const stages = (decidedMin: number) => [
      { size: { percent: 5 }, thresholds: { decidedMin } },
      { size: { percent: 100 } },
    ];

    expect(codesOf({ stages: stages(6) })).toEqual([
      "DECIDED_MIN_ABOVE_SIZE /stages/0/thresholds/decidedMin",
    ]);
    expect(codesOf({ stages: stages(5) })).toEqual([]);
  });

  test("devices that are chosen and in no stage", () => {
    expect(codesOf({ stages: [{ size: { percent: 99 } }] })).toEqual(["DEVICES_LEFT_OUT /stages"]);
  });

  test("a control cohort larger than what the last stage adds", () => {
    const stages = [{ size: { percent: 90 } }, { size: { percent: 100 } }];

    expect(codesOf({ stages, control: { devices: 11 } })).toEqual(["CONTROL_CUT /control"]);
    expect(codesOf({ stages, control: { devices: 10 } })).toEqual([]);
  });

  test("a field that no device has, for != then chooses all of them", () => {
    const fleet = selectableDevices(3, () => ({ labels: { site: "north" } }));

    expect(codesOf({ select: "sitte!=south" }, { fleet })).toEqual(["FIELD_UNKNOWN /select"]);
    expect(codesOf({ select: "site!=south" }, { fleet })).toEqual([]);
    expect(
      codesOf(
        { stages: [{ size: { percent: 100 }, filter: "a.b!=c;(site==north,x.y!=z)" }] },
        { fleet },
      ),
    ).toEqual(["FIELD_UNKNOWN /stages/0/filter", "FIELD_UNKNOWN /stages/0/filter"]);
  });

  test("a group of which no device may ever be touched", () => {
    const fleet = selectableDevices(5, (index) => ({
      labels: { site: index < 2 ? "small" : "large" },
    }));
    const budget = { groupBy: "site", availableMin: 2 };

    const [warning] = preview({ budget }, { fleet }).warnings;
    expect(warning?.code).toBe("BUDGET_BLOCKS");
    expect(warning?.detail).toContain('site="small"');
    expect(codesOf({ budget: { ...budget, availableMin: 1 } }, { fleet })).toEqual([]);
    expect(codesOf({ budget, select: "site==large" }, { fleet })).toEqual([]);
  });

  test("a label that names no zone", () => {
    const fleet = [
      selectableDevice("cam-1", { labels: { timezone: "Europe.Berlin" } }),
      selectableDevice("cam-2", { labels: { timezone: "Europe.Berlim" } }),
    ];
    const windows = [{ cron: "0 2 * * *", durationMs: MINUTE_MS }];

    const [warning] = preview({ windows }, { fleet }).warnings;
    expect(warning).toMatchObject({ code: "TIMEZONE_UNKNOWN", pointer: "/windows/0/zone" });
    expect(warning?.detail).toContain("cam-2");
    expect(codesOf({ windows }, { fleet: fleet.slice(0, 1) })).toEqual([]);
    expect(
      codesOf({ windows: [{ cron: "0 2 * * *", durationMs: MINUTE_MS, zone: "UTC" }] }, { fleet }),
    ).toEqual([]);
  });

  test("a window that comes after every order has timed out", () => {
    const windows = [{ cron: "0 14 * * *", durationMs: MINUTE_MS, zone: "UTC" }];
    const timeouts = (minutes: number) => ({
      offerMs: MINUTE_MS,
      stepMs: MINUTE_MS,
      executionMs: minutes * MINUTE_MS,
    });

    expect(codesOf({ windows, timeouts: timeouts(119) })).toEqual([
      "WINDOW_AFTER_TIMEOUT /timeouts/executionMs",
    ]);
    expect(codesOf({ windows, timeouts: timeouts(120) })).toEqual([]);
  });
});
