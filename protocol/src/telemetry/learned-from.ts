import * as z from "zod";
import { driftPipelineLimits } from "../drift-limits.ts";
import { learningLimits } from "../learning-limits.ts";
import { UnixMs } from "../units.ts";

/** Where a profile comes from that was learnt from live windows instead of rows. */
export const LearnedFrom = z.object({
  cohort: z.string().min(1).max(driftPipelineLimits.cohortLengthMax),
  devices: z.int().min(1),
  windows: z.int().min(1),
  fromMs: UnixMs,
  untilMs: UnixMs,
  /** The signal of which one of these windows differed most from all of them together. */
  restless: z
    .object({
      signal: z.string().min(1).max(driftPipelineLimits.signalLengthMax),
      psi: z.number().min(0),
    })
    .optional(),
  /** The person who found that it is how things should be. */
  confirmed: z
    .object({
      by: z.string().min(1).max(learningLimits.confirmedByLengthMax),
      atMs: UnixMs,
    })
    .optional(),
});
export type LearnedFrom = z.infer<typeof LearnedFrom>;
