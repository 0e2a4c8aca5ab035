/** A rollout in draft, its plan written as a person would, and what people say to it. */
import { ModelName, ReleaseVersion, RolloutPlan } from "@modelfleet/protocol";
import type { z } from "zod";
import type {
  RolloutCommand,
  RolloutSnapshot,
} from "../../../controller/src/domain/rollout/rollout.ts";
import { HOUR_MS, MINUTE_MS, ours } from "./execution-facts.ts";

type PlanText = z.input<typeof RolloutPlan>;
type StageText = NonNullable<PlanText["stages"]>[number];

export interface RigPlan {
  /** Devices of each stage. */
  readonly sizes: readonly number[];
  /** Of each stage, what is not as usual: 80 % must succeed, half may fail, ten minutes. */
  readonly stages?: readonly Partial<StageText>[];
  readonly plan?: Partial<Omit<PlanText, "stages">>;
  readonly startAtMs?: number;
}

/** A failure is an end: one attempt. */
export function draft({ sizes, stages = [], plan = {}, startAtMs }: RigPlan): RolloutSnapshot {
  const parsed = RolloutPlan.parse({
    timeouts: { offerMs: HOUR_MS, stepMs: HOUR_MS, executionMs: HOUR_MS },
    retries: { attemptsMax: 1 },
    ...plan,
    stages: sizes.map((devices, at) => ({
      size: { devices: Math.max(devices, 1) },
      thresholds: { successPercent: 80, errorPercent: 50 },
      deadlineMs: 10 * MINUTE_MS,
      ...stages[at],
    })),
  });
  return {
    rollout: {
      id: "rollout-1",
      version: 1,
      model: ModelName.parse("digits"),
      modelVersion: ReleaseVersion.parse("1.0.0"),
      release: ours,
      plan: parsed,
      seed: "00".repeat(32),
      state: "draft",
      paused: null,
      detail: null,
      abort: null,
      approval: parsed.approval
        ? { state: "awaiting-approval", requestedBy: "key:one" }
        : { state: "not-needed" },
      createdBy: "key:one",
      scope: {},
      createdAtMs: 0,
      startAtMs: startAtMs ?? null,
      startedAtMs: null,
      endedAtMs: null,
      watchUntilMs: null,
      devices: 0,
      control: 0,
    },
    stages: [],
    waitingJoiners: 0,
    leftToSettle: 0,
  };
}

const reason = "because";
const approval = {
  state: "approved",
  requestedBy: "key:one",
  approvedBy: "key:two",
  approvedAtMs: 1,
} as const;

/** Every word a person can say. */
export const say = {
  start: { kind: "start", reason },
  approve: { kind: "approve", reason, approval },
  deny: { kind: "deny", reason },
  pause: { kind: "pause", reason },
  resume: { kind: "resume", reason },
  promote: { kind: "promote", reason },
  keep: { kind: "abort", reason, devices: "keep" },
  revert: { kind: "abort", reason, devices: "revert" },
  rollback: { kind: "rollback", reason },
  retry: { kind: "retry-failed", reason },
} as const satisfies Readonly<Record<string, RolloutCommand>>;
