/** Any small rollout, and anything that can happen to it. */
import fc from "fast-check";
import type { RolloutCommand } from "../../../controller/src/domain/rollout/rollout.ts";
import { HOUR_MS, item, MINUTE_MS, report, slot } from "./execution-facts.ts";
import type { RigDevice } from "./rig-device.ts";
import { type RigPlan, say } from "./rollout-facts.ts";
import type { RolloutRig } from "./rollout-rig.ts";

const anyThresholds = fc.record({
  successPercent: fc.constantFrom(0, 50, 80, 100),
  errorPercent: fc.constantFrom(0, 30, 50, 100),
  decidedMin: fc.constantFrom(1, 1, 3),
  fastErrorPercent: fc.option(fc.constantFrom(20, 60), { nil: undefined, freq: 2 }),
  errorsMax: fc.option(fc.constantFrom(0, 1), { nil: undefined, freq: 2 }),
});
const anyStage = fc
  .record({
    thresholds: anyThresholds,
    bakeMs: fc.constantFrom(0, 0, MINUTE_MS),
    review: fc.boolean(),
    stragglers: fc.constantFrom("defer" as const, "defer" as const, "fail" as const),
  })
  .map(({ thresholds: { fastErrorPercent, errorsMax, ...rest }, ...stage }) => ({
    ...stage,
    thresholds: {
      ...rest,
      ...(fastErrorPercent === undefined ? {} : { fastErrorPercent }),
      ...(errorsMax === undefined ? {} : { errorsMax }),
    },
  }));
const anyPlanWide = fc.record({
  approval: fc.constantFrom(false, false, true),
  onFailure: fc.constantFrom("pause" as const, "pause" as const, "revert-stage", "revert"),
  onFallback: fc.constantFrom("alert" as const, "revert" as const),
  watchMs: fc.constantFrom(0, HOUR_MS),
});

export const anyRollout: fc.Arbitrary<RigPlan> = fc
  .record({
    sizes: fc.array(fc.constantFrom(0, 1, 1, 2, 2, 3), { minLength: 1, maxLength: 3 }),
    stages: fc.tuple(anyStage, anyStage, anyStage),
    plan: anyPlanWide,
    startAtMs: fc.option(fc.constant(MINUTE_MS), { nil: undefined, freq: 2 }),
  })
  .map(({ startAtMs, ...plan }) => (startAtMs === undefined ? plan : { ...plan, startAtMs }));

/** Something that happens; `which` chooses a device, modulo their number. */
export interface Happening {
  readonly what: string;
  readonly which: number;
}

/** What comes next comes in between: of what follows from it by itself only a part has followed. */
export const hurry = "somebody is in a hurry";

type Happens = (rig: RolloutRig, which: number) => void;

export const happenings: Readonly<Record<string, Happens>> = {
  confirms: onDevice((rig, device) => rig.follow(device)),
  refuses: onDevice((rig, device) => tell(rig, device, "refused", "GOLDEN_MISMATCH")),
  fails: onDevice((rig, device) => tell(rig, device, "refused", "LOAD_TIMEOUT")),
  "begins to serve": onDevice((rig, device) => tell(rig, device, "activated")),
  "falls back": onDevice((rig, device) => tell(rig, device, "rolled-back", "ROLLED_BACK")),
  "goes away": onDevice((_rig, device) => {
    device.isOnline = false;
  }),
  "comes back": onDevice((_rig, device) => {
    device.isOnline = true;
  }),
  "is nobody before": onDevice((_rig, device) => {
    device.hasPrevious = false;
  }),
  "is taken over": onDevice((rig, device) => {
    device.isTold = false;
    rig.happen(device, { kind: "cancel", code: "SUPERSEDED", detail: null });
  }),
  leaves: onDevice((rig, device) => {
    rig.happen(device, { kind: "remove", code: "NOT_SELECTED" });
  }),
  "has it already": onDevice((rig, device) => {
    rig.happen(device, { kind: "skip", code: "ALREADY_INSTALLED", detail: null });
  }),
  "cannot take it": onDevice((rig, device) => {
    rig.happen(device, { kind: "skip", code: "INCOMPATIBLE", detail: null });
  }),
  "the first ones fall back": (rig) => {
    const first = rig.devices.filter(({ stage }) => stage === rig.devices[0]?.stage);
    for (const device of first) tell(rig, device, "rolled-back", "ROLLED_BACK");
  },
  [hurry]: (rig, which) => rig.hurry(1 + (which % 3)),
  "all go away": (rig) => {
    for (const device of rig.devices) device.isOnline = false;
  },
  "all come back": (rig) => {
    for (const device of rig.devices) device.isOnline = true;
  },
  "all confirm": (rig) => {
    for (const device of rig.devices) rig.follow(device);
  },
  "all are taken over": (rig) => {
    for (const device of rig.devices) {
      device.isTold = false;
      rig.happen(device, { kind: "cancel", code: "SUPERSEDED", detail: null });
    }
  },
  "a minute passes": (rig) => rig.pass(MINUTE_MS),
  "ten minutes pass": (rig) => rig.pass(10 * MINUTE_MS),
  "an hour passes": (rig) => rig.pass(HOUR_MS),
};

type Act = (rig: RolloutRig, device: RigDevice) => void;

function onDevice(act: Act): Happens {
  return (rig, which) => {
    const device = rig.devices[which % Math.max(rig.devices.length, 1)];
    if (device !== undefined) act(rig, device);
  };
}

function tell(
  rig: RolloutRig,
  device: RigDevice,
  step: "activated" | "refused" | "rolled-back",
  code?: string,
): void {
  const { seq, state } = device.execution;
  if (!device.isOnline || seq === null || state === "reverting") return;
  rig.happen(device, report(seq, [item(step, code === undefined ? {} : { code })], slot()));
}

/** What makes a rollout go on comes more often than what ends it. */
const often = ["confirms", "confirms", "confirms", "all confirm", "all confirm", hurry, hurry];
const usual = ["falls back", "the first ones fall back", "refuses", "ten minutes pass"];
export const anyHappening: fc.Arbitrary<Happening> = fc.record({
  what: fc.constantFrom(...Object.keys(happenings), ...often, ...often, ...usual),
  which: fc.nat({ max: 8 }),
});

const { resume, promote, approve, retry, pause, start, ...ends } = say;
export const anyWord: fc.Arbitrary<RolloutCommand> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(resume, promote, approve, retry, pause, start) },
  { weight: 1, arbitrary: fc.constantFrom(...Object.values(ends)) },
);
