import * as z from "zod";
import { learningLimits } from "../learning-limits.ts";
import { ReferenceProfile } from "../telemetry/profile.ts";
import { ModelName, ReleaseVersion, Sha256 } from "../units.ts";
import { CohortName } from "./drift.ts";

const { windowsMin, windowsMax, windowsDefault } = learningLimits;
const { itemsMin, itemsMax, itemsDefault } = learningLimits;

export const LearnedProfileQuery = z.strictObject({
  cohort: CohortName,
  /** How many windows of the cohort, from the first one on. */
  windows: z.coerce.number<string>().int().min(windowsMin).max(windowsMax).default(windowsDefault),
  /** What they must hold together at least. */
  items: z.coerce.number<string>().int().min(itemsMin).max(itemsMax).default(itemsDefault),
});
export type LearnedProfileQuery = z.infer<typeof LearnedProfileQuery>;

/** A feature, category or output that nothing could be learnt of. */
export const NotLearned = z.object({ name: z.string(), why: z.string() });
export type NotLearned = z.infer<typeof NotLearned>;

/** `GET /v1/models/{model}/versions/{version}/learned-profile?cohort=&windows=&items=`: the same for the same windows, as long as they are kept. */
export const LearnedProfileAnswer = z.object({
  model: ModelName,
  version: ReleaseVersion,
  release: Sha256,
  profile: ReferenceProfile,
  leftOut: z.array(NotLearned),
});
export type LearnedProfileAnswer = z.infer<typeof LearnedProfileAnswer>;
