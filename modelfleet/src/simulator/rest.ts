import type { Rollout } from "@modelfleet/protocol";

const ends: readonly Rollout["state"][] = [
  "completed",
  "completed-with-failures",
  "rejected",
  "denied",
  "aborted",
  "rolled-back",
  "superseded",
];
const underWay = [
  ...["offered", "accepted", "downloading", "downloaded", "waiting", "warming"],
  ...["shadowing", "activated", "reverting"],
] as const;

/** It is over, or waits for a person; and no device is under way or expected back. */
export function isAtRest({ state, stages, watchUntilMs }: Rollout, nowMs: number): boolean {
  const isOver = ends.includes(state);
  if (!isOver && state !== "paused") return false;
  if (watchUntilMs !== null && watchUntilMs > nowMs) return false;
  const open: readonly string[] = isOver ? [...underWay, "straggler", "queued"] : underWay;
  return !stages.some(({ funnel }) => Object.keys(funnel).some((one) => open.includes(one)));
}
