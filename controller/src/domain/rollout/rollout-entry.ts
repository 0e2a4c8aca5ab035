import type { DeviceId } from "@modelfleet/protocol";
import type { AuditEntry, AuditValue } from "../audit/audit-entry.ts";
import type { ExecutionStep } from "./execution.ts";
import type { RolloutRecord } from "./rollout.ts";

interface Written {
  readonly atMs: number;
  /** `Principal.id`: a person, or `system` for what the plan itself brings about. */
  readonly actor: string;
  readonly detail?: Readonly<Record<string, AuditValue>>;
}

type Named = Pick<RolloutRecord, "id" | "model" | "modelVersion" | "release">;

/** What is written down of a rollout, or of one of its stages; `happened` like `started`. */
export function rolloutEntry(
  action: `rollout.${string}` | `stage.${string}`,
  { id, model, modelVersion, release }: Named,
  { atMs, actor, detail = {} }: Written,
): AuditEntry {
  return {
    atMs,
    actor,
    action,
    subject: rolloutSubject(id),
    detail: { model, version: modelVersion, release, ...detail },
  };
}

/** One entry for each transition of an execution. */
export function executionEntries(
  rollout: string,
  device: DeviceId,
  { steps, atMs, actor, detail = {} }: Written & { readonly steps: readonly ExecutionStep[] },
): readonly AuditEntry[] {
  return steps.map(({ from, to, code }) => ({
    atMs,
    actor,
    action: `execution.${to}`,
    subject: rolloutSubject(rollout),
    detail: { device, from, to, ...(code === null ? {} : { code }), ...detail },
  }));
}

export function rolloutSubject(id: string): string {
  return `rollout:${id}`;
}
