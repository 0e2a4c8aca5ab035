import { runnerLimits } from "@modelfleet/protocol";
import type { RequestTimes } from "./runner.ts";

/**
 * The limit of something that a runner does before it answers anybody. It works with what processor time is left over, and
 * on a device that is never idle that may be none for a while, which is no fault of its release.
 */
export function whileLoading(runMsMax: number): RequestTimes {
  return { runMsMax, starvedMsMax: runMsMax * runnerLimits.starvedTimesMax };
}
