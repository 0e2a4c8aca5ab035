import { systemPrincipal } from "../../../domain/access/principal.ts";
import type { AuditEntry, AuditValue } from "../../../domain/audit/audit-entry.ts";
import { type AppliedStep, applyStep } from "../../../domain/rollout/machine/apply-step.ts";
import type { RolloutSnapshot, RolloutStep } from "../../../domain/rollout/rollout.ts";
import { rolloutEntry } from "../../../domain/rollout/rollout-entry.ts";
import type { RolloutChange } from "../../../ports/rollout-store.ts";
import type { RolloutPorts } from "../rollout-ports.ts";
import { closeStage } from "./let-time-pass.ts";
import { splitStep } from "./split-step.ts";
import { takeInJoiners } from "./take-in-joiners.ts";

/**
 * Carries out what was decided: one transaction with one audit entry. Makes no choice; may be repeated after a crash.
 *
 * @returns false when it was overtaken: the rollout has to be looked at anew
 */
export async function takeStep(
  ports: RolloutPorts,
  snapshot: RolloutSnapshot,
  step: RolloutStep,
): Promise<boolean> {
  if (step.do === "split") return splitStep(ports, snapshot);
  // Every undecided execution meets the deadline first; the stage is closed when none is left.
  if (step.do === "close-stage" && (await closeStage(ports, snapshot, step))) return true;
  if (step.do === "begin-stage") await takeInJoiners(ports, snapshot);
  const nowMs = ports.clock.nowMs();
  const next = applyStep(snapshot, step, nowMs);
  const change = changeOf(snapshot, step, nowMs);
  const { id, version } = snapshot.rollout;
  const isStored = await ports.rollouts.change(version, next, change);
  if (isStored) tell(ports, id, change.audit[0]);
  return isStored;
}

function changeOf(
  { rollout, stages }: RolloutSnapshot,
  step: AppliedStep,
  nowMs: number,
): RolloutChange {
  const { action, detail } = written(step);
  const audit = [rolloutEntry(action, rollout, { atMs: nowMs, actor: systemPrincipal.id, detail })];
  if (step.do === "begin-stage" && step.stage === stages.length - 1) {
    return { audit, takeInto: step.stage };
  }
  if (step.do !== "revert" || step.state !== "rolling-back") return { audit };
  const reason = rollout.detail ?? "its plan sends it back after a failure";
  return { audit, poison: { release: rollout.release, rollout: rollout.id, reason, atMs: nowMs } };
}

interface Written {
  readonly action: `rollout.${string}` | `stage.${string}`;
  readonly detail: Readonly<Record<string, AuditValue>>;
}

function written(step: AppliedStep): Written {
  switch (step.do) {
    case "rollout-to": {
      const { state, paused, detail: reason } = step;
      return { action: `rollout.${state}`, detail: { reason, ...(paused && { paused }) } };
    }
    case "begin-stage":
      return {
        action: "stage.deploying",
        detail: { stage: step.stage, deadlineAtMs: step.deadlineAtMs },
      };
    case "stage-to":
      return { action: `stage.${step.state}`, detail: { stage: step.stage, reason: step.detail } };
    case "halt":
      return { action: "stage.failed", detail: { stage: step.stage, reason: step.detail } };
    case "close-stage":
      return {
        action: "stage.closed",
        detail: { stage: step.stage, stragglers: step.stragglers },
      };
    case "revert":
      return {
        action: "stage.reverted",
        detail: { stages: step.stages.map(String), rollout: step.state },
      };
  }
}

function tell({ log }: RolloutPorts, rollout: string, entry: AuditEntry | undefined): void {
  if (entry === undefined) return;
  const { reason = null, stage = null } = entry.detail;
  const fields = {
    event: entry.action,
    rollout,
    stage: typeof stage === "number" ? stage : null,
    reason: typeof reason === "string" ? reason : null,
  };
  log.info(fields, "a rollout went on");
}
