import { rolloutLimits } from "@modelfleet/protocol";
import { systemPrincipal } from "../../../domain/access/principal.ts";
import { pendingStage } from "../../../domain/rollout/machine/pending-stage.ts";
import type { RolloutRecord, RolloutSnapshot } from "../../../domain/rollout/rollout.ts";
import { rolloutEntry } from "../../../domain/rollout/rollout-entry.ts";
import { splitRollout } from "../../../domain/rollout/selection/split-rollout.ts";
import type { NewExecution } from "../../../ports/rollout-store.ts";
import { knownRelease } from "../../release/known-release.ts";
import type { RolloutPorts } from "../rollout-ports.ts";
import { newExecution, targetDevices } from "./split-targets.ts";

/**
 * Freezes the target set: who gets the release in which stage, and who is kept aside. A crash in the middle begins it
 * anew; the seed is stored, so it comes out the same for the same fleet.
 *
 * @returns false when the rollout has changed meanwhile
 */
export async function splitStep(
  ports: RolloutPorts,
  { rollout }: RolloutSnapshot,
): Promise<boolean> {
  const nowMs = ports.clock.nowMs();
  const release = await knownRelease(ports.releases, rollout.release);
  const targets = await targetDevices(ports, rollout, release);
  const { places } = splitRollout({ plan: rollout.plan, seed: rollout.seed, devices: targets });
  if (places.length === 0) return reject(ports, rollout, nowMs);
  const skips = new Map(targets.map(({ id, skip }) => [id, skip]));
  const executions = places.map((place) =>
    newExecution(rollout, place, { skip: skips.get(place.device) ?? null, nowMs }),
  );
  if (!(await addAll(ports, rollout, executions))) return false;
  const control = places.filter(({ isControl }) => isControl).length;
  const next = { ...rollout, devices: places.length, control };
  const detail = { devices: places.length, control, stages: rollout.plan.stages.length };
  const audit = [
    rolloutEntry("rollout.split", rollout, { atMs: nowMs, actor: systemPrincipal.id, detail }),
  ];
  const stages = rollout.plan.stages.map((_plan, stage) => pendingStage(stage));
  const snapshot = { rollout: next, stages, waitingJoiners: 0, leftToSettle: 0 };
  return ports.rollouts.change(rollout.version, snapshot, { audit });
}

async function addAll(
  { rollouts, breathe }: RolloutPorts,
  { id, version }: RolloutRecord,
  executions: readonly NewExecution[],
): Promise<boolean> {
  const { splitPerCommitMax } = rolloutLimits;
  for (let from = 0; from < executions.length; from += splitPerCommitMax) {
    const slice = executions.slice(from, from + splitPerCommitMax);
    if (!(await rollouts.addExecutions(id, version, slice))) return false;
    await breathe();
  }
  return true;
}

/** A rollout over nobody is a mistake, and never turns green. */
function reject({ rollouts }: RolloutPorts, rollout: RolloutRecord, nowMs: number) {
  const detail = "no active device is selected: see modelfleet device list and the plan's select";
  const audit = [
    rolloutEntry("rollout.rejected", rollout, {
      atMs: nowMs,
      actor: systemPrincipal.id,
      detail: { reason: detail },
    }),
  ];
  const next: RolloutRecord = { ...rollout, state: "rejected", detail, endedAtMs: nowMs };
  const snapshot = { rollout: next, stages: [], waitingJoiners: 0, leftToSettle: 0 };
  return rollouts.change(rollout.version, snapshot, { audit });
}
