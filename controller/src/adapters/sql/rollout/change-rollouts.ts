import type { Transaction } from "kysely";
import type { AuditEntry } from "../../../domain/audit/audit-entry.ts";
import { rolloutEvent } from "../../../domain/events/rollout-event.ts";
import type { RolloutRecord, RolloutSnapshot } from "../../../domain/rollout/rollout.ts";
import type { IdempotencyKey, PoisonRecord, RolloutChange } from "../../../ports/rollout-store.ts";
import { appendAudit } from "../append-audit.ts";
import { appendEvent } from "../events/append-event.ts";
import { Moved } from "../moved.ts";
import type { Schema } from "../schema.ts";
import { answerKey } from "./idempotency-keys.ts";
import { changingColumns, rolloutRow, stageRow } from "./rollout-rows.ts";
import { Tallies } from "./tallies.ts";

export async function addRollout(
  transaction: Transaction<Schema>,
  rollout: RolloutRecord,
  {
    audit,
    asked,
  }: { readonly audit: readonly AuditEntry[]; readonly asked: IdempotencyKey | undefined },
): Promise<void> {
  await transaction.insertInto("rollouts").values(rolloutRow(rollout)).execute();
  if (asked !== undefined) await answerKey(transaction, asked, rollout.id);
  await writeDown(transaction, audit);
}

/** @throws Moved */
export async function changeRollout(
  transaction: Transaction<Schema>,
  from: number,
  { next, change }: { readonly next: RolloutSnapshot; readonly change: RolloutChange },
): Promise<void> {
  const { id } = next.rollout;
  const { numUpdatedRows } = await transaction
    .updateTable("rollouts")
    .set(changingColumns({ ...next.rollout, version: from + 1 }))
    .where("id", "=", id)
    .where("version", "=", from)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) throw new Moved(id);
  for (const stage of next.stages) {
    const row = stageRow(id, stage);
    await transaction
      .insertInto("rollout_stages")
      .values(row)
      .onConflict((conflict) => conflict.columns(["rollout", "stage"]).doUpdateSet(row))
      .execute();
  }
  if (change.takeInto !== undefined) await takeIntoStage(transaction, id, change.takeInto);
  if (change.poison !== undefined) await poison(transaction, change.poison);
  await writeDown(transaction, change.audit);
}

/** And tells others of it. */
async function writeDown(
  transaction: Transaction<Schema>,
  entries: readonly AuditEntry[],
): Promise<void> {
  for (const entry of entries) {
    const event = rolloutEvent(await appendAudit(transaction, entry));
    if (event !== undefined) await appendEvent(transaction, event);
  }
}

/** All that have no stage: the control cohort and later joiners. */
async function takeIntoStage(
  transaction: Transaction<Schema>,
  rollout: string,
  stage: number,
): Promise<void> {
  const found = transaction.selectFrom("rollout_executions").select(["stage", "state", "code"]);
  const waiting = await found
    .select("wanted")
    .where("rollout", "=", rollout)
    .where("stage", "<", 0)
    .execute();
  const tallies = new Tallies();
  for (const row of waiting) {
    tallies.leave(rollout, row);
    tallies.enter(rollout, { ...row, stage });
  }
  await transaction
    .updateTable("rollout_executions")
    .set({ stage })
    .where("rollout", "=", rollout)
    .where("stage", "<", 0)
    .execute();
  await tallies.write(transaction);
}

async function poison(
  transaction: Transaction<Schema>,
  { release, rollout, reason, atMs }: PoisonRecord,
): Promise<void> {
  const row = { rollout, reason, at_ms: atMs };
  await transaction
    .insertInto("poisoned_releases")
    .values({ release, ...row })
    .onConflict((conflict) => conflict.column("release").doUpdateSet(row))
    .execute();
}
