import { type FeatureSummary, TelemetryAnswer } from "@modelfleet/protocol";
import type { Fleet } from "./fleet.ts";

const ATTEMPTS_MAX = 60;
const EVERY_MS = 500;

/** How one feature looks in the windows since a moment, once `minRequests` answers are in them. */
export async function featureSince(
  fleet: Fleet,
  feature: string,
  since: { readonly atMs: number; readonly minRequests: number },
): Promise<FeatureSummary> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const ageMs = Math.max(1, Date.now() - since.atMs);
    const result = await fleet.command("telemetry", "show", "digits", "--since", `${ageMs}ms`);
    const { summaries } = TelemetryAnswer.parse(result.answer);
    const [summary] = summaries.toSorted((left, right) => right.requests - left.requests);
    const found = summary?.features.find((candidate) => candidate.name === feature);
    if (summary !== undefined && found !== undefined && summary.requests >= since.minRequests)
      return found;
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
  throw new Error(`no telemetry of ${feature} within ${(ATTEMPTS_MAX * EVERY_MS) / 1000} s`);
}

/** Share of the answers that fell into another bin than the reference says: 0 … 1 (total variation distance). */
export function shareMoved(feature: FeatureSummary): number {
  const total = feature.reference.reduce(
    (sum, share, bin) => sum + Math.abs(share - (feature.current[bin] ?? 0)),
    0,
  );
  return total / 2;
}
