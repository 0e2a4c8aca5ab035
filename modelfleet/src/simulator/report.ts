import type { Rollout } from "@modelfleet/protocol";
import type { StageTimes } from "./stage-times.ts";

/** For people: how the rollout ended, the funnel of each stage, and how long each stage took. */
export function renderReport(
  { state, paused, detail, stages }: Rollout,
  times: StageTimes,
): string {
  const why = paused === null ? "" : ` (${paused})`;
  const lines = stages.flatMap(({ stage, name, state: end, size, funnel, detail: said }) => {
    const span = times.spanOf(stage);
    const took =
      span === null ? "" : `, ${length(span.simulatedMs)} simulated, ${length(span.realMs)} real`;
    const states = Object.entries(funnel).map(([one, count]) => `${one} ${count}`);
    return [
      `stage ${stage + 1}${name === null ? "" : ` ${name}`}: ${end}, ${size} devices${took}`,
      `  ${states.length === 0 ? "nobody" : states.join("  ")}`,
      ...(said === null ? [] : [`  ${said}`]),
    ];
  });
  return [`rollout ${state}${why}${detail === null ? "" : `: ${detail}`}`, ...lines].join("\n");
}

const units = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
] as const;

function length(ms: number): string {
  const [unitMs, unit] = units.find(([one]) => ms >= 2 * one) ?? ([1_000, "s"] as const);
  return `${(ms / unitMs).toFixed(1)} ${unit}`;
}
