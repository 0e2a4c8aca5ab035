import type { DeviceId, RolloutPlan, Sha256 } from "@modelfleet/protocol";
import type { Kysely } from "kysely";
import type { Execution } from "../../../domain/rollout/execution.ts";
import type { ExecutionContext } from "../../../domain/rollout/machine/execution-context.ts";
import { attemptChance } from "../../../domain/rollout/selection/attempt-chance.ts";
import { Prepared } from "../prepared.ts";
import type { Schema } from "../schema.ts";
import { type ExecutionRow, executionOf } from "./execution-rows.ts";
import { selectExecutions } from "./read-executions.ts";

/** An execution with what its machine needs of its rollout. */
export interface HeededRow extends ExecutionRow {
  readonly plan: string;
  readonly seed: string;
  readonly priority: number;
  readonly is_over: number;
  readonly watch_until_ms: number | null;
}

/** Of one device, those its reports are of interest to, over all rollouts; at most one of a slot is open. */
export function heededExecutions(
  database: Kysely<Schema>,
  device: DeviceId,
): Promise<readonly HeededRow[]> {
  return heededOfDevice.rows(database, { device });
}

const heededOfDevice = new Prepared<{ readonly device: string }, HeededRow>((database, value) =>
  selectExecutions(database)
    .select(["r.plan", "r.seed", "r.priority", "r.is_over", "r.watch_until_ms"])
    .where("e.device", "=", value("device"))
    .where("e.is_heeded", "=", 1)
    .orderBy("e.rollout"),
);

/** An execution, and what its machine decides by. */
export function machineOf(
  row: HeededRow,
  nowMs: number,
): { readonly execution: Execution; readonly context: ExecutionContext } {
  const { timeouts, retries } = JSON.parse(row.plan) as RolloutPlan;
  const { execution, device } = executionOf(row);
  return {
    execution,
    context: {
      policy: { release: row.release as Sha256, timeouts, retries },
      nowMs,
      chance: attemptChance(row.seed, device, execution.attempts),
    },
  };
}
