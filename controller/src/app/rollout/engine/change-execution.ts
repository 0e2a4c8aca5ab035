import { systemPrincipal } from "../../../domain/access/principal.ts";
import type { AuditValue } from "../../../domain/audit/audit-entry.ts";
import type { ExecutionEvent } from "../../../domain/rollout/execution.ts";
import { advanceExecution } from "../../../domain/rollout/machine/advance-execution.ts";
import type { RolloutRecord } from "../../../domain/rollout/rollout.ts";
import { executionEntries } from "../../../domain/rollout/rollout-entry.ts";
import { attemptChance } from "../../../domain/rollout/selection/attempt-chance.ts";
import type { DesiredEntry } from "../../../ports/fleet-store.ts";
import type {
  RolloutAssignment,
  StoredChange,
  StoredExecution,
} from "../../../ports/rollout-store.ts";

export interface ExecutionOrder {
  readonly assignment: RolloutAssignment | null;
  /** Set with the first order. */
  readonly previous?: DesiredEntry | null;
}

export interface ExecutionChangeMoment {
  readonly rollout: RolloutRecord;
  readonly nowMs: number;
  /** `Principal.id`; the controller itself where nobody asked for it. */
  readonly actor?: string;
  readonly detail?: Readonly<Record<string, AuditValue>>;
}

/** What an event makes of an execution, ready to be stored. @returns undefined when it changes nothing */
export function changeExecution(
  stored: StoredExecution,
  event: ExecutionEvent,
  {
    rollout,
    nowMs,
    actor = systemPrincipal.id,
    detail = {},
    ...order
  }: ExecutionChangeMoment & Partial<ExecutionOrder>,
): StoredChange | undefined {
  const { release, plan, seed, id } = rollout;
  const change = advanceExecution(stored.execution, event, {
    policy: { release, timeouts: plan.timeouts, retries: plan.retries },
    nowMs,
    chance: attemptChance(seed, stored.device, stored.execution.attempts),
  });
  if (change.next === stored.execution && order.assignment === undefined) return undefined;
  return {
    device: stored.device,
    fromVersion: stored.version,
    change,
    assignment: order.assignment ?? null,
    ...(order.previous === undefined ? {} : { previous: order.previous }),
    audit: executionEntries(id, stored.device, { steps: change.steps, atMs: nowMs, actor, detail }),
  };
}
