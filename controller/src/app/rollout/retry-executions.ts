import type { ExecutionState } from "@modelfleet/protocol";
import { rolloutLimits } from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import type { RolloutSnapshot } from "../../domain/rollout/rollout.ts";
import { changeExecution } from "./engine/change-execution.ts";
import { storeChanges } from "./engine/store-changes.ts";
import type { RolloutPorts } from "./rollout-ports.ts";

const failed: readonly ExecutionState[] = ["failed", "rejected", "timed-out", "rolled-back"];

/** Every failed device gets one order more, under the rate like any other. */
export async function retryExecutions(
  ports: RolloutPorts,
  { rollout }: RolloutSnapshot,
  caller: Principal,
): Promise<void> {
  let cursor: string | null = null;
  do {
    const query = { states: failed, stage: null, limit: rolloutLimits.pageMax, cursor };
    const page = await ports.rollouts.executions(rollout.id, query);
    const moment = { rollout, nowMs: ports.clock.nowMs(), actor: caller.id };
    const changes = page.executions.flatMap(
      (stored) => changeExecution(stored, { kind: "retry" }, moment) ?? [],
    );
    await storeChanges(ports, rollout, changes);
    cursor = page.next;
    await ports.breathe();
  } while (cursor !== null);
}
