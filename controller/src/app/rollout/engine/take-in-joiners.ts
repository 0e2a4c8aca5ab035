import { type DeviceId, rolloutLimits } from "@modelfleet/protocol";
import type { RolloutSnapshot } from "../../../domain/rollout/rollout.ts";
import { joinRollout } from "../../../domain/rollout/selection/join-rollout.ts";
import { knownRelease } from "../../release/known-release.ts";
import type { RolloutPorts } from "../rollout-ports.ts";
import { newExecution, targetDevices } from "./split-targets.ts";

/**
 * Devices that came to be selected after the split get a place behind everybody, under the same rate and limits. Who is
 * there already keeps what he has, his attempts too.
 */
export async function takeInJoiners(
  ports: RolloutPorts,
  { rollout, stages }: RolloutSnapshot,
): Promise<void> {
  if (rollout.plan.lateJoiners === "none" || rollout.devices === 0) return;
  const { names, position } = await ports.rollouts.members(rollout.id);
  const known = new Set<DeviceId>(names);
  const release = await knownRelease(ports.releases, rollout.release);
  const targets = await targetDevices(ports, rollout, release);
  const devices = targets.filter(({ id }) => !known.has(id));
  if (devices.length === 0) return;
  const stage = stages.findLast(({ state }) => state !== "pending")?.stage ?? null;
  const { plan, seed } = rollout;
  const places = joinRollout({ plan, seed, devices, stage, position });
  const skips = new Map(devices.map(({ id, skip }) => [id, skip]));
  const nowMs = ports.clock.nowMs();
  const executions = places.map((place) =>
    newExecution(rollout, place, { skip: skips.get(place.device) ?? null, nowMs }),
  );
  for (let from = 0; from < executions.length; from += rolloutLimits.splitPerCommitMax) {
    const slice = executions.slice(from, from + rolloutLimits.splitPerCommitMax);
    if (!(await ports.rollouts.addExecutions(rollout.id, rollout.version, slice))) return;
    await ports.breathe();
  }
  const event = { event: "rollout.joined", rollout: rollout.id, devices: executions.length };
  ports.log.info(event, "devices have joined a rollout");
}
