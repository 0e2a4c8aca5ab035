import { ExecutionState, rolloutLimits } from "@modelfleet/protocol";
import type { ExecutionEvent } from "../../../domain/rollout/execution.ts";
import { isUndecided } from "../../../domain/rollout/machine/execution-states.ts";
import type { RolloutSnapshot } from "../../../domain/rollout/rollout.ts";
import type { ExecutionPage, StoredChange, StoredExecution } from "../../../ports/rollout-store.ts";
import type { RolloutPorts } from "../rollout-ports.ts";
import { changeExecution } from "./change-execution.ts";
import { storeChanges } from "./store-changes.ts";

/**
 * What time alone changes: timers that are due, stragglers that are back and, where the plan wants it, fallen devices
 * that get one order more while the rollout is watched.
 *
 * @returns whether there may be more of it
 */
export async function letTimePass(
  ports: RolloutPorts,
  snapshot: RolloutSnapshot,
  nowMs: number,
): Promise<boolean> {
  const { id } = snapshot.rollout;
  const count = rolloutLimits.timersPerCommitMax;
  const due = await ports.rollouts.due(id, { nowMs, count });
  const back = await returned(ports, snapshot, count);
  const stored = await happen(ports, snapshot, [...due, ...back], (execution) => ({
    kind: "tick",
    isOnline: execution.online,
  }));
  const again = await happen(ports, snapshot, await fallen(ports, snapshot, count), () => ({
    kind: "retry",
  }));
  const isMore = due.length === count || back.length === count;
  return again > 0 || (stored > 0 && isMore);
}

/** Who was confirmed and fell back by himself, and has attempts left. */
async function fallen(
  { rollouts }: RolloutPorts,
  { rollout, stages }: RolloutSnapshot,
  limit: number,
): Promise<readonly StoredExecution[]> {
  const { plan, watchUntilMs } = rollout;
  if (plan.onFallback !== "offer-again" || watchUntilMs === null) return [];
  if (!stages.some(({ counts }) => (counts.tally["rolled-back"] ?? 0) > 0)) return [];
  const attemptsBelow = plan.retries.attemptsMax;
  const query = { states: ["rolled-back"], attemptsBelow, stage: null, limit } as const;
  let cursor: string | null = null;
  do {
    const page: ExecutionPage = await rollouts.executions(rollout.id, { ...query, cursor });
    const found = page.executions.filter(({ execution: { code } }) => code !== "REVERTED");
    if (found.length > 0) return found;
    cursor = page.next;
  } while (cursor !== null);
  return [];
}

/** Undecided executions of a stage meet its deadline. @returns whether there may be more of them */
export async function closeStage(
  ports: RolloutPorts,
  snapshot: RolloutSnapshot,
  { stage, stragglers }: { readonly stage: number; readonly stragglers: "defer" | "fail" },
): Promise<boolean> {
  const limit = rolloutLimits.timersPerCommitMax;
  const { executions } = await ports.rollouts.executions(snapshot.rollout.id, {
    states: undecidedStates,
    stage,
    limit,
    cursor: null,
  });
  const stored = await happen(ports, snapshot, executions, ({ online }) => ({
    kind: "deadline",
    isOnline: online,
    stragglers,
  }));
  return stored > 0;
}

/** Who is on his way back has a deadline of his own. */
const undecidedStates = ExecutionState.options.filter(
  (state) => isUndecided(state) && state !== "reverting",
);

async function returned(
  { rollouts }: RolloutPorts,
  { rollout, stages }: RolloutSnapshot,
  limit: number,
): Promise<readonly StoredExecution[]> {
  const away = stages.some(({ counts }) => (counts.tally.straggler ?? 0) > 0);
  if (!away) return [];
  const query = {
    states: ["straggler"],
    stage: null,
    isOnline: true,
    limit,
    cursor: null,
  } as const;
  return (await rollouts.executions(rollout.id, query)).executions;
}

/** @returns how many executions have changed */
async function happen(
  ports: RolloutPorts,
  { rollout }: RolloutSnapshot,
  executions: readonly StoredExecution[],
  eventOf: (execution: StoredExecution) => ExecutionEvent,
): Promise<number> {
  const nowMs = ports.clock.nowMs();
  const changes = executions.flatMap((execution): readonly StoredChange[] => {
    const change = changeExecution(execution, eventOf(execution), { rollout, nowMs });
    return change === undefined ? [] : [change];
  });
  return storeChanges(ports, rollout, changes);
}
