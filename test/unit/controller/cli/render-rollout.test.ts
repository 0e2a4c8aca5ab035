import { Rollout, type RolloutStage } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { renderRollout } from "../../../../controller/cli/render/rollout.ts";
import { renderEvent } from "../../../../controller/cli/render/rollout-event.ts";
import { renderPreview } from "../../../../controller/cli/render/rollout-preview.ts";

const stage: RolloutStage = {
  stage: 0,
  name: null,
  state: "pending",
  size: 4,
  counted: 4,
  ok: 0,
  bad: 0,
  acknowledged: 0,
  funnel: { queued: 4 },
  startedAtMs: null,
  deadlineAtMs: null,
  bakeUntilMs: null,
  detail: null,
};

function shown(changes: Partial<Rollout>, ofStage: Partial<RolloutStage> = {}): string {
  const rollout = Rollout.parse({
    id: "4f1d2c3b5a697887",
    version: 1,
    model: "digits",
    modelVersion: "2.0.0",
    release: "a".repeat(64),
    slot: "main",
    state: "running",
    paused: null,
    detail: null,
    abort: null,
    plan: {},
    seed: "b".repeat(64),
    approval: { state: "not-needed" },
    createdBy: "local",
    createdAtMs: 1_000,
    startAtMs: null,
    startedAtMs: null,
    endedAtMs: null,
    watchUntilMs: null,
    devices: 4,
    control: 0,
    stages: [{ ...stage, ...ofStage }],
    ...changes,
  });
  return renderRollout(rollout);
}

test("devices that were sent back are back, and not failed", () => {
  const text = shown(
    { state: "rolling-back" },
    {
      state: "reverted",
      bad: 3,
      funnel: { reverting: 1, "rolled-back": 3 },
      detail: "4 of 4 devices succeeded",
    },
  );

  expect(text.split("\n").slice(1)).toEqual([
    "stage 1  reverted",
    `  ${"█".repeat(18)}${"▒".repeat(6)} 3 of 4 are back`,
    `  reverting    ${"▇".repeat(6)}${" ".repeat(18)} 1`,
    `  rolled-back  ${"▇".repeat(18)}${" ".repeat(6)} 3`,
    "  before that: 4 of 4 devices succeeded",
  ]);
});

test("a stage of which nobody has the release has nobody to send back", () => {
  const empty = "·".repeat(24);
  const before = shown({ state: "aborting" }, { state: "reverted", funnel: { queued: 4 } });
  const after = shown({ state: "aborted" }, { state: "reverted", funnel: { canceled: 4 } });

  expect(before).toContain(`  ${empty} whoever has the release is about to go back\n`);
  expect(after).toContain(`  ${empty} nobody had to go back\n`);
});

test("a rollout whose time has not come says when it begins, and how to begin it now", () => {
  const text = shown({ state: "scheduled", startAtMs: Date.parse("2027-01-01T00:00:00Z") });

  expect(text).toContain("\n  begins at 2027-01-01T00:00:00.000Z\n");
  expect(text).toContain("\nnext: modelfleet rollout start 4f1d2c3b5a697887");
});

test("times in an event are told as people read them, other numbers as they are", () => {
  const detail = JSON.stringify({ stage: 1, deadlineAtMs: 1_795_880_518_405, orders: 5 });
  const event = { seq: 1, atMs: 1_795_275_718_396, actor: "system", action: "stage.deploying" };

  expect(renderEvent({ ...event, detail })).toBe(
    "2026-11-21T15:41:58Z  stage.deploying           stage 2  deadlineAtMs=2026-11-28T15:41:58Z  orders=5",
  );
});

test("a warning is its code, its place where it has one, and what is odd", () => {
  const nobody = { count: 0, devices: [] };
  const text = renderPreview("digits@2.0.0", {
    devices: 0,
    eligible: nobody,
    alreadyInstalled: nobody,
    incompatible: [],
    pinned: nobody,
    offline: nobody,
    control: nobody,
    stages: [],
    conflicts: [],
    downloadBytes: 0,
    durationMsMin: 0,
    warnings: [
      { code: "STAGE_EMPTY", pointer: "/stages/1/size", detail: "it adds no device" },
      { code: "POISONED", pointer: "", detail: "it was rolled back" },
    ],
  });

  expect(text.split("\n").slice(-2)).toEqual([
    "warning: STAGE_EMPTY stages/1/size: it adds no device",
    "warning: POISONED: it was rolled back",
  ]);
});
