import * as z from "zod";
import { rolloutLimits } from "../rollout-limits.ts";
import {
  Counter,
  DeviceId,
  Labels,
  ModelName,
  ReleaseVersion,
  Sha256,
  SlotName,
  UnixMs,
} from "../units.ts";
import { Approval } from "./access.ts";
import { EligibilityReason } from "./deployments.ts";
import { RolloutPlan, SelectorText } from "./rollout-plan.ts";

/** rollouts.md 2. The terminal ones stand last. */
export const RolloutState = z.enum([
  "draft",
  "validating",
  "awaiting-approval",
  "scheduled",
  "running",
  "paused",
  "aborting",
  "rolling-back",
  "completed",
  "completed-with-failures",
  "rejected",
  "denied",
  "aborted",
  "rolled-back",
  "rollback-incomplete",
  "superseded",
]);
export type RolloutState = z.infer<typeof RolloutState>;

/** Why a rollout is paused. */
export const PauseReason = z.enum(["operator", "halt", "inconclusive", "review", "superseding"]);
export type PauseReason = z.infer<typeof PauseReason>;

/** `evaluating` is where metric gates will judge; without gates a stage leaves it at once. */
export const StageState = z.enum([
  "pending",
  "deploying",
  "baking",
  "evaluating",
  "awaiting-review",
  "inconclusive",
  "passed",
  "failed",
  "promoted",
  "reverted",
]);
export type StageState = z.infer<typeof StageState>;

/** One device of one rollout, in the order it happens; `succeeded` is confirmed serving and nothing else. */
export const ExecutionState = z.enum([
  "queued",
  "offered",
  "accepted",
  "downloading",
  "downloaded",
  /** Fetched and verified; the window, the lock or the consent of the application is missing. */
  "waiting",
  "warming",
  "shadowing",
  "activated",
  /** On the way back to what it ran before. */
  "reverting",
  "succeeded",
  "failed",
  "rejected",
  "timed-out",
  "rolled-back",
  "canceled",
  "removed",
  "skipped",
  /** Offline and undecided at the deadline of its stage: out of the count, offered again when it returns. */
  "straggler",
]);
export type ExecutionState = z.infer<typeof ExecutionState>;

const Reason = z.string().trim().min(1).max(rolloutLimits.reasonLengthMax);

/** Body of `POST /v1/rollouts` and `POST /v1/rollouts:validate`. */
export const RolloutRequest = z.strictObject({
  model: ModelName,
  version: ReleaseVersion,
  plan: RolloutPlan.prefault({}),
  /** false: it stays a draft until `:start`. */
  start: z.boolean().default(true),
  /** Not before this moment. */
  startAtMs: UnixMs.optional(),
  /** A release that was rolled back once is rolled out again only with a reason. */
  overridePoisoned: z.strictObject({ reason: Reason }).optional(),
});
export type RolloutRequest = z.infer<typeof RolloutRequest>;

/** Body of every verb: why. */
export const RolloutVerb = z.strictObject({ reason: Reason });
export type RolloutVerb = z.infer<typeof RolloutVerb>;

/** Body of `:abort`: devices that got it keep it, or go back to what each of them ran before. */
export const RolloutAbort = z.strictObject({ reason: Reason, devices: z.enum(["keep", "revert"]) });
export type RolloutAbort = z.infer<typeof RolloutAbort>;

/** How many executions of a stage are in each state; states with none are left out. */
export const StageFunnel = z.partialRecord(ExecutionState, Counter);
export type StageFunnel = z.infer<typeof StageFunnel>;

export const RolloutStage = z.object({
  stage: Counter,
  name: z.string().nullable(),
  state: StageState,
  /** Devices it was given; stragglers, removed and skipped ones do not count for the thresholds. */
  size: Counter,
  /** N, ok and bad of rollouts.md 3, and how many of the bad ones a person has acknowledged. */
  counted: Counter,
  ok: Counter,
  bad: Counter,
  acknowledged: Counter,
  funnel: StageFunnel,
  startedAtMs: UnixMs.nullable(),
  deadlineAtMs: UnixMs.nullable(),
  bakeUntilMs: UnixMs.nullable(),
  /** Why it is in this state, in one sentence. */
  detail: z.string().nullable(),
});
export type RolloutStage = z.infer<typeof RolloutStage>;

/** `GET /v1/rollouts/{id}`; `version` counts its changes and is its ETag. */
export const Rollout = z.object({
  id: z.string(),
  version: Counter,
  model: ModelName,
  modelVersion: ReleaseVersion,
  release: Sha256,
  slot: SlotName,
  state: RolloutState,
  paused: PauseReason.nullable(),
  detail: z.string().nullable(),
  /** What becomes of devices that have it, while it is aborted. */
  abort: z.enum(["keep", "revert"]).nullable(),
  plan: RolloutPlan,
  seed: z.string(),
  approval: Approval,
  createdBy: z.string(),
  createdAtMs: UnixMs,
  startAtMs: UnixMs.nullable(),
  startedAtMs: UnixMs.nullable(),
  endedAtMs: UnixMs.nullable(),
  watchUntilMs: UnixMs.nullable(),
  /** Devices in the target set, and those kept aside to be compared with. */
  devices: Counter,
  control: Counter,
  stages: z.array(RolloutStage),
});
export type Rollout = z.infer<typeof Rollout>;

export const RolloutList = z.object({ rollouts: z.array(Rollout) });
export type RolloutList = z.infer<typeof RolloutList>;

/** `GET /v1/rollouts/{id}/devices`: one device of a rollout. */
export const RolloutDevice = z.object({
  device: DeviceId,
  labels: Labels,
  /** null: kept aside as control, or taken in with the last stage. */
  stage: Counter.nullable(),
  state: ExecutionState,
  code: z.string().nullable(),
  detail: z.string().nullable(),
  attempt: Counter,
  online: z.boolean(),
  changedAtMs: UnixMs,
  reasons: z.array(EligibilityReason),
});
export type RolloutDevice = z.infer<typeof RolloutDevice>;

export const RolloutDeviceList = z.object({ devices: z.array(RolloutDevice) });
export type RolloutDeviceList = z.infer<typeof RolloutDeviceList>;

/** `GET /v1/rollouts/{id}/devices/{device}/explain`: why it waits, or how it ended, in one sentence. */
export const RolloutExplanation = z.object({
  device: DeviceId,
  state: ExecutionState,
  code: z.string().nullable(),
  sentence: z.string(),
});
export type RolloutExplanation = z.infer<typeof RolloutExplanation>;

const PreviewGroup = z.object({ count: Counter, devices: z.array(DeviceId) });

/** What would happen, before anything does; of each group some names. */
export const RolloutPreview = z.object({
  devices: Counter,
  eligible: PreviewGroup,
  alreadyInstalled: PreviewGroup,
  incompatible: z.array(PreviewGroup.extend({ code: z.string(), reason: EligibilityReason })),
  pinned: PreviewGroup,
  offline: PreviewGroup,
  control: PreviewGroup,
  stages: z.array(
    z.object({
      stage: Counter,
      name: z.string().nullable(),
      devices: Counter,
      sample: z.array(DeviceId),
      /** How many it has of each combination of `stratifyBy`, the largest first; null: a label that is not there. */
      strata: z.array(z.object({ values: z.array(z.string().nullable()), devices: Counter })),
    }),
  ),
  conflicts: z.array(
    z.object({
      rollout: z.string(),
      priority: Counter,
      isPreempted: z.boolean(),
      devices: Counter,
    }),
  ),
  /** To be fetched by all devices together, at most. */
  downloadBytes: Counter,
  /** Shortest time by rate and bake times alone, ms. */
  durationMsMin: Counter,
  /** Not wrong, but worth a look: like an error threshold that can never be reached. */
  warnings: z.array(z.object({ code: z.string(), pointer: z.string(), detail: z.string() })),
});
export type RolloutPreview = z.infer<typeof RolloutPreview>;

/** An event of `GET /v1/rollouts/{id}/events`: one entry of the audit log that is about this rollout. */
export const RolloutEvent = z.object({
  seq: Counter,
  atMs: UnixMs,
  actor: z.string(),
  action: z.string(),
  detail: z.string(),
});
export type RolloutEvent = z.infer<typeof RolloutEvent>;

/** `GET /v1/rollouts?limit=&cursor=&filter=&sort=&fields=`. */
export const RolloutQuery = z.object({
  limit: z.coerce.number<string>().int().min(1).max(rolloutLimits.pageMax).optional(),
  cursor: z.string().max(256).optional(),
  /** In the selector language, over `state`, `model`, `priority`, `createdBy`. */
  filter: SelectorText.max(rolloutLimits.filterLengthMax).optional(),
  sort: z.enum(["createdAt", "-createdAt"]).optional(),
  /** Comma-separated names of members to keep. */
  fields: z.string().max(256).optional(),
});
export type RolloutQuery = z.infer<typeof RolloutQuery>;

/** The id of a rollout in a path. */
export const RolloutName = z.string().min(1).max(64);
export type RolloutName = z.infer<typeof RolloutName>;

/** `GET /v1/rollouts/{id}/devices?state=failed,rejected&stage=&limit=&cursor=`. */
export const RolloutDeviceQuery = z.object({
  /** Comma-separated; without it all. */
  state: z
    .string()
    .max(512)
    .transform((text) => text.split(","))
    .pipe(z.array(ExecutionState))
    .optional(),
  stage: z.coerce
    .number<string>()
    .int()
    .min(0)
    .max(rolloutLimits.stagesMax - 1)
    .optional(),
  limit: z.coerce.number<string>().int().min(1).max(rolloutLimits.pageMax).optional(),
  cursor: z.string().max(256).optional(),
});
export type RolloutDeviceQuery = z.infer<typeof RolloutDeviceQuery>;

/**
 * `GET /v1/rollouts/{id}/events?after=`: entries above this one; `newest`: only what happens from now on. A stream takes
 * `Last-Event-ID` instead.
 */
export const RolloutEventQuery = z.object({
  after: z.union([z.literal("newest"), z.coerce.number<string>().int().min(0)]).default(0),
});
export type RolloutEventQuery = z.infer<typeof RolloutEventQuery>;

/** What `GET /v1/rollouts/{id}/events` answers to who asks for JSON: oldest first; an empty page is the end so far. */
export const RolloutEventPage = z.object({ events: z.array(RolloutEvent) });
export type RolloutEventPage = z.infer<typeof RolloutEventPage>;
