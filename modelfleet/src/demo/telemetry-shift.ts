import { demoLimits, type FeatureSummary, TelemetryAnswer } from "@modelfleet/protocol";
import { DemoError } from "./demo-error.ts";
import type { Fleet } from "./fleet.ts";

/**
 * How one feature looks in the windows since a moment, once `minRequests` answers are in them.
 *
 * @throws DemoError TIMEOUT when they do not come
 */
export async function featureSince(
  fleet: Fleet,
  feature: string,
  since: { readonly atMs: number; readonly minRequests: number },
): Promise<FeatureSummary> {
  const { telemetryAttemptsMax, telemetryPollMs } = demoLimits;
  for (let attempt = 0; attempt < telemetryAttemptsMax; attempt += 1) {
    const ageMs = Math.max(1, Date.now() - since.atMs);
    const show = ["telemetry", "show", "digits", "--since", `${ageMs}ms`];
    const { summaries } = await fleet.ask(TelemetryAnswer, ...show);
    const [summary] = summaries.toSorted((left, right) => right.requests - left.requests);
    const found = summary?.features.find((candidate) => candidate.name === feature);
    if (summary !== undefined && found !== undefined && summary.requests >= since.minRequests)
      return found;
    await new Promise((resolve) => setTimeout(resolve, telemetryPollMs));
  }
  const waitedS = (telemetryAttemptsMax * telemetryPollMs) / 1_000;
  throw new DemoError("TIMEOUT", `expected telemetry of ${feature} within ${waitedS} s, got none`);
}
