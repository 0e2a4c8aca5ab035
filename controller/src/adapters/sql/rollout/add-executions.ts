import type { Selectable, Transaction } from "kysely";
import type { NewExecution } from "../../../ports/rollout-store.ts";
import { Prepared } from "../prepared.ts";
import type { Schema } from "../schema.ts";
import { holdRollout } from "./advance-executions.ts";
import { executionRow } from "./execution-rows.ts";
import type { RolloutExecutionsTable } from "./rollout-tables.ts";
import { Tallies } from "./tallies.ts";

/**
 * A slice of the target set. A split that a crash broke off begins again with position 0, and perhaps with other
 * devices: what is left of the first attempt goes.
 *
 * @throws Moved
 */
export async function addExecutions(
  transaction: Transaction<Schema>,
  { id, from }: { readonly id: string; readonly from: number },
  slice: readonly NewExecution[],
): Promise<void> {
  const { slot } = await holdRollout(transaction, id, from);
  if (slice.some(({ position }) => position === 0)) await clearUnsplit(transaction, id);
  const tallies = new Tallies();
  for (const given of slice) {
    const row = executionRow(id, slot, given);
    if ((await addExecution.run(transaction, row)) === 1) tallies.enter(id, row);
  }
  await tallies.write(transaction);
}

async function clearUnsplit(transaction: Transaction<Schema>, rollout: string): Promise<void> {
  const found = transaction.selectFrom("rollouts").select("devices").where("id", "=", rollout);
  const { devices } = await found.executeTakeFirstOrThrow();
  if (devices > 0) return;
  for (const table of ["rollout_executions", "rollout_tallies"] as const) {
    await transaction.deleteFrom(table).where("rollout", "=", rollout).execute();
  }
}

const addExecution = new Prepared<Selectable<RolloutExecutionsTable>>((database, value) =>
  database
    .insertInto("rollout_executions")
    .values({
      rollout: value("rollout"),
      device: value("device"),
      slot: value("slot"),
      position: value("position"),
      stage: value("stage"),
      is_control: value("is_control"),
      group_value: value("group_value"),
      reasons: value("reasons"),
      state: value("state"),
      code: value("code"),
      detail: value("detail"),
      attempts: value("attempts"),
      seq: value("seq"),
      offered_at_ms: value("offered_at_ms"),
      attempt_at_ms: value("attempt_at_ms"),
      changed_at_ms: value("changed_at_ms"),
      due_at_ms: value("due_at_ms"),
      timer_at_ms: value("timer_at_ms"),
      is_unwell: value("is_unwell"),
      is_heeded: value("is_heeded"),
      wanted: value("wanted"),
      version: value("version"),
      previous: value("previous"),
    })
    .onConflict((conflict) => conflict.columns(["rollout", "device"]).doNothing()),
);
