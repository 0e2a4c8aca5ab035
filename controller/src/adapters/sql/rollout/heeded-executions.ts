import type { DeviceId } from "@modelfleet/protocol";
import type { Kysely, Selectable } from "kysely";
import type { Execution } from "../../../domain/rollout/execution.ts";
import type { ExecutionContext } from "../../../domain/rollout/machine/execution-context.ts";
import { attemptChance } from "../../../domain/rollout/selection/attempt-chance.ts";
import { Prepared } from "../prepared.ts";
import type { Schema } from "../schema.ts";
import { stateOf } from "./execution-rows.ts";
import { factsOf, type RolloutFacts } from "./rollout-facts.ts";
import type { RolloutExecutionsTable } from "./rollout-tables.ts";

/** An execution with what its machine needs of its rollout. */
export interface HeededExecution {
  readonly row: Selectable<RolloutExecutionsTable>;
  readonly facts: RolloutFacts;
}

/** Of one device, those its reports are of interest to, over all rollouts; at most one of a slot is open. */
export async function heededExecutions(
  database: Kysely<Schema>,
  device: DeviceId,
): Promise<readonly HeededExecution[]> {
  const found: HeededExecution[] = [];
  for (const row of await heededOfDevice.rows(database, { device })) {
    found.push({ row, facts: await factsOf(database, row.rollout) });
  }
  return found;
}

const heededOfDevice = new Prepared<
  { readonly device: string },
  Selectable<RolloutExecutionsTable>
>((database, value) =>
  database
    .selectFrom("rollout_executions")
    .selectAll()
    .where("device", "=", value("device"))
    .where("is_heeded", "=", 1),
);

/**
 * An execution, and what its machine decides by.
 *
 * @param mayFail whether an attempt may end badly here: chance is drawn only for the back-off that follows
 */
export function machineOf(
  { row, facts }: HeededExecution,
  { nowMs, mayFail }: { readonly nowMs: number; readonly mayFail: boolean },
): { readonly execution: Execution; readonly context: ExecutionContext } {
  const { policy, seed } = facts;
  const chance = mayFail ? attemptChance(seed, row.device as DeviceId, row.attempts) : 0;
  return { execution: stateOf(row), context: { policy, nowMs, chance } };
}
