import * as z from "zod";
import { rehearsalLimits, runnerLimits, sequenceLimits } from "../limits.ts";

/** A copy of live requests for a release that does not answer yet (agent.md 5). */
export const ShadowPolicy = z.object({
  /** Share of the live requests that is copied. */
  sharePercent: z.int().min(1).max(100),
  /** The shadow is judged after so many answers were compared … */
  comparisons: z.int().min(1).max(rehearsalLimits.answersMax),
  /** … or after this time, with what there is by then. */
  maxMs: z.int().min(1_000).max(rehearsalLimits.maxMsMax),
  /** Share of compared answers that must agree: the same class, or values within the default tolerance. */
  agreementMin: z.number().min(0).max(1).optional(),
  /** Its p95 over that of the live release. */
  latencyRatioMax: z.number().positive().optional(),
});
export type ShadowPolicy = z.infer<typeof ShadowPolicy>;

/** Some live requests are answered by the release on trial, by a stable hash of their key (agent.md 5). */
export const CanaryPolicy = z.object({
  weightPercent: z.int().min(1).max(100),
  answers: z.int().min(1).max(rehearsalLimits.answersMax),
  maxMs: z.int().min(1_000).max(rehearsalLimits.maxMsMax),
});
export type CanaryPolicy = z.infer<typeof CanaryPolicy>;

/** What ends the probation of a release that answers (agent.md 5); a limit that is absent is the device's own. */
export const ProbationPolicy = z.object({
  confirmMs: z.int().min(0).max(rehearsalLimits.maxMsMax).optional(),
  /** No share is judged before so many answers. */
  judgedAnswersMin: z.int().min(1).max(rehearsalLimits.answersMax).optional(),
  failedShareMax: z.number().min(0).max(1).optional(),
  /** p95 over that of the release before it. */
  p95RatioMax: z.number().positive().optional(),
  /** Total variation distance, 0 to 1, between the output distributions of this release and of the one before it. */
  outputDistanceMax: z.number().min(0).max(1).optional(),
});
export type ProbationPolicy = z.infer<typeof ProbationPolicy>;

/** How a device goes from the release before to this one. */
export const SwapPolicy = z.object({
  /**
   * `availability` (when absent): refused when both do not fit into memory at once. `resource`: then the old one is
   * stopped first, and the gap is measured and reported (agent.md 3.1).
   */
  memory: z.enum(["availability", "resource"]).optional(),
  shadow: ShadowPolicy.optional(),
  canary: CanaryPolicy.optional(),
  probation: ProbationPolicy.optional(),
});
export type SwapPolicy = z.infer<typeof SwapPolicy>;

/** How requests wait for a release, and how many of them it takes at once (agent.md 6). */
export const ServingPolicy = z.object({
  /** Only where the first dimension of every input and output is free. */
  batch: z
    .object({
      rowsMax: z.int().min(2).max(runnerLimits.batchRowsMax),
      /** How long the first request of a batch waits for others; 0 when absent. */
      delayUsMax: z.int().min(0).max(1_000_000).optional(),
    })
    .optional(),
  queue: z
    .object({
      max: z.int().min(1).max(runnerLimits.queueMax),
      policy: z.enum(["reject", "drop-oldest", "latest-only"]),
    })
    .optional(),
  threads: z.int().min(1).max(runnerLimits.threadsMax).optional(),
});
export type ServingPolicy = z.infer<typeof ServingPolicy>;

/** A model that is asked in sequences, each answer's state going into the next request (agent.md 4). */
export const SequencePolicy = z.object({
  /** Which output is given back as which input of the next request. */
  states: z
    .array(z.object({ output: z.string().min(1), input: z.string().min(1) }))
    .min(1)
    .max(sequenceLimits.statesMax),
  /** The state of the release before may be taken over, where its tensors are the same. */
  carry: z.boolean(),
  /** A sequence that is silent for so long is over. */
  idleMs: z.int().min(100).max(sequenceLimits.idleMsMax),
});
export type SequencePolicy = z.infer<typeof SequencePolicy>;
