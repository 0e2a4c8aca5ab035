import * as z from "zod";
import { rehearsalLimits } from "../limits.ts";
import { rolloutLimits } from "../rollout-limits.ts";
import { mainSlot, SlotName } from "../units.ts";

const Percent = z.int().min(0).max(100);
const LabelKey = z.string().regex(/^[a-z][a-z0-9.-]{0,31}$/, "expected the key of a label");
const TimeoutMs = z.int().min(rolloutLimits.timeoutMsMin).max(rolloutLimits.timeoutMsMax);
const DeviceCount = z.int().min(1).max(rolloutLimits.devicesMax);

/** A text of the selector language (docs/rollouts.md 2); the empty one means every device. */
export const SelectorText = z.string().max(rolloutLimits.selectorLengthMax);
export type SelectorText = z.infer<typeof SelectorText>;

/** How many devices: a number of them, or a share of the target set in whole percent. */
export const StageSize = z.union([
  z.strictObject({ devices: DeviceCount }),
  z.strictObject({ percent: Percent.min(1) }),
]);
export type StageSize = z.infer<typeof StageSize>;

/**
 * When a stage is over and how (rollouts.md 3). All percentages are whole, and compared by multiplying, so that no
 * rounding decides.
 */
export const StageThresholds = z.strictObject({
  /** Share of the stage that must be confirmed before the next one begins. */
  successPercent: Percent.default(95),
  /** More than this share of the stage failed → halt. */
  errorPercent: Percent.default(5),
  /** More than this number failed → halt. */
  errorsMax: z.int().min(0).max(rolloutLimits.devicesMax).optional(),
  /** Once `decidedMin` are decided: more than this share of those failed → halt, long before a big stage ends. */
  fastErrorPercent: Percent.optional(),
  /** So many must be decided before a stage may pass, or trip fast; at most the size of the stage counts. */
  decidedMin: DeviceCount.default(1),
});
export type StageThresholds = z.infer<typeof StageThresholds>;

export const PlanStage = z.strictObject({
  name: z.string().min(1).max(rolloutLimits.nameLengthMax).optional(),
  /** Cumulative when a share: 25 after 5 adds 20. A number of devices is added to those before. */
  size: StageSize,
  /** Only devices of the target set that this selects. */
  filter: SelectorText.optional(),
  thresholds: StageThresholds.prefault({}),
  /** Time after the quorum in which the error thresholds still watch, ms. */
  bakeMs: z.int().min(0).max(rolloutLimits.bakeMsMax).default(0),
  deadlineMs: TimeoutMs.default(rolloutLimits.stageMsDefault),
  /** Undecided devices that are offline at the deadline: `defer` takes them out of the stage, `fail` counts them as timed out. */
  stragglers: z.enum(["defer", "fail"]).default("defer"),
  /** Ask a person before the next stage begins. */
  review: z.boolean().default(false),
});
export type PlanStage = z.infer<typeof PlanStage>;

/** Orders a minute: always the same, or growing by `factor` at every `every` orders or successes. */
export const PlanRate = z.union([
  z.strictObject({ perMinute: z.int().min(1).max(rolloutLimits.offersPerMinuteMax) }),
  z.strictObject({
    perMinute: z.int().min(1).max(rolloutLimits.offersPerMinuteMax),
    /** Hundredths: 150 is one and a half times as many. */
    factorPercent: z.int().min(100).max(1_000),
    every: z.union([
      z.strictObject({ offered: DeviceCount }),
      z.strictObject({ succeeded: DeviceCount }),
    ]),
    perMinuteMax: z.int().min(1).max(rolloutLimits.offersPerMinuteMax),
  }),
]);
export type PlanRate = z.infer<typeof PlanRate>;

/** Of each group of devices with the same value of a label, some must stay in service at every moment. */
export const DisruptionBudget = z
  .strictObject({
    groupBy: LabelKey,
    unavailableMax: z.int().min(1).max(rolloutLimits.devicesMax).optional(),
    availableMin: z.int().min(0).max(rolloutLimits.devicesMax).optional(),
  })
  .refine(
    (budget) => budget.unavailableMax !== undefined || budget.availableMin !== undefined,
    "expected unavailableMax, availableMin or both",
  );
export type DisruptionBudget = z.infer<typeof DisruptionBudget>;

/** When a release may begin to serve; it may be fetched and verified at any time. */
export const MaintenanceWindow = z.strictObject({
  /** Five fields: minute, hour, day of month, month, day of week. */
  cron: z.string().min(9).max(128),
  durationMs: z.int().min(rolloutLimits.windowMsMin).max(rolloutLimits.windowMsMax),
  /** An IANA zone, or `device`: the zone named by the device's label `timezone`, UTC where it has none. */
  zone: z.string().min(1).max(64).default("device"),
});
export type MaintenanceWindow = z.infer<typeof MaintenanceWindow>;

/**
 * How a release gets to a fleet. Plans are files that a person keeps; a rollout keeps a copy of the one it was started
 * with, so a later change of the file never changes a rollout that runs.
 */
export const RolloutPlan = z.strictObject({
  name: z.string().min(1).max(rolloutLimits.nameLengthMax).optional(),
  slot: SlotName.default(mainSlot),
  select: SelectorText.default(""),
  /** Devices that stay on what they run until the last stage, to be compared with. */
  control: StageSize.optional(),
  /** Each stage has every combination of these labels' values in proportion. `class` is a device's class. */
  stratifyBy: z.array(LabelKey).max(rolloutLimits.stratifyKeysMax).default([]),
  stages: z
    .array(PlanStage)
    .min(1)
    .max(rolloutLimits.stagesMax)
    .prefault([{ size: { percent: 100 } }]),
  /** Devices that come to be selected later: left out, taken into the last stage, or into the running one. */
  lateJoiners: z.enum(["none", "last-stage", "dynamic"]).default("last-stage"),
  rate: PlanRate.optional(),
  inFlightMax: z.int().min(1).max(rolloutLimits.inFlightMax).default(rolloutLimits.inFlightDefault),
  budget: DisruptionBudget.optional(),
  windows: z.array(MaintenanceWindow).max(rolloutLimits.windowsMax).default([]),
  /** How long applications may put the swap off, ms. */
  deferMsMax: z.int().min(0).max(rehearsalLimits.deferMsMax).optional(),
  timeouts: z
    .strictObject({
      /** From the order to the first word of the device. */
      offerMs: TimeoutMs.default(rolloutLimits.offerMsDefault),
      /** From one word to the next. */
      stepMs: TimeoutMs.default(rolloutLimits.stepMsDefault),
      /** From the order to the end; no step is longer. */
      executionMs: TimeoutMs.default(rolloutLimits.executionMsDefault),
    })
    .prefault({}),
  retries: z
    .strictObject({
      attemptsMax: z
        .int()
        .min(1)
        .max(rolloutLimits.attemptsMax)
        .default(rolloutLimits.attemptsDefault),
      /** Before the second attempt; doubled before each further one, with up to a half of it more by chance. */
      backoffMs: z
        .int()
        .min(0)
        .max(rolloutLimits.backoffMsMax)
        .default(rolloutLimits.backoffMsDefault),
      backoffMsMax: z
        .int()
        .min(0)
        .max(rolloutLimits.backoffMsMax)
        .default(rolloutLimits.backoffMsMax),
    })
    .prefault({}),
  /** A device with so many failures within the time gets no order for a while, by any rollout. */
  penalty: z
    .strictObject({
      failuresMax: z.int().min(1).max(100),
      withinMs: z.int().min(1).max(rolloutLimits.penaltyMsMax),
      boxMs: z.int().min(1).max(rolloutLimits.penaltyMsMax),
    })
    .optional(),
  /** What follows a halt by itself. `revert-stage` and `revert` send devices back to what they ran. */
  onFailure: z.enum(["pause", "revert-stage", "revert"]).default("pause"),
  /** For how long confirmed devices are watched after the end, and what follows when they fall back. */
  watchMs: z.int().min(0).max(rolloutLimits.watchMsMax).default(0),
  onFallback: z.enum(["alert", "offer-again", "revert"]).default("alert"),
  /** A higher one takes devices from a lower one that have not begun to serve. */
  priority: z.int().min(0).max(rolloutLimits.priorityMax).default(50),
  /** A second person must approve before anything is offered. */
  approval: z.boolean().default(false),
});
export type RolloutPlan = z.infer<typeof RolloutPlan>;
