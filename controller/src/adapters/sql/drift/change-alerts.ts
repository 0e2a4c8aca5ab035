import type { Transaction } from "kysely";
import type { AlertsChange, ChangedAlert, DriftRelease } from "../../../ports/drift-store.ts";
import { appendAudit } from "../append-audit.ts";
import { appendEvent } from "../events/append-event.ts";
import { Moved } from "../moved.ts";
import type { Schema } from "../schema.ts";
import { packed } from "./packed.ts";

/**
 * A change of alerts, its entry in the audit log and the events that tell others of it: one commit, so that each change
 * is told once however often somebody tries.
 *
 * @throws Moved
 */
export async function changeAlerts(
  transaction: Transaction<Schema>,
  { release, alerts, audit, events }: AlertsChange,
): Promise<void> {
  await replaceRelease(transaction, release);
  for (const changed of alerts) await storeAlert(transaction, release, changed);
  for (const entry of audit) await appendAudit(transaction, entry);
  for (const event of events) await appendEvent(transaction, event);
}

/** @throws Moved when its version is not the one before */
async function replaceRelease(
  transaction: Transaction<Schema>,
  { releasePrefix, version, judgedMs, memory }: DriftRelease,
): Promise<void> {
  const row = { version, judged_ms: judgedMs, state: packed(memory) };
  if (version === 1) {
    const { numInsertedOrUpdatedRows } = await transaction
      .insertInto("drift_releases")
      .values({ release8: releasePrefix, ...row })
      .onConflict((conflict) => conflict.column("release8").doNothing())
      .executeTakeFirst();
    if (numInsertedOrUpdatedRows !== 1n) throw new Moved(releasePrefix);
    return;
  }
  const { numUpdatedRows } = await transaction
    .updateTable("drift_releases")
    .set(row)
    .where("release8", "=", releasePrefix)
    .where("version", "=", version - 1)
    .executeTakeFirst();
  if (numUpdatedRows !== 1n) throw new Moved(releasePrefix);
}

async function storeAlert(
  transaction: Transaction<Schema>,
  { releasePrefix }: DriftRelease,
  { alert, change }: ChangedAlert,
): Promise<void> {
  const known = transaction.selectFrom("alerts").select("version").where("id", "=", alert.id);
  const version = ((await known.executeTakeFirst())?.version ?? 0) + 1;
  const row = {
    ...{ id: alert.id, version, release8: releasePrefix, model: alert.model },
    ...{ model_version: alert.modelVersion, cohort: alert.cohort, signal: alert.signal },
    ...{ state: alert.state, opened_at_ms: alert.startedAtMs, changed_at_ms: alert.changedAtMs },
    alert: JSON.stringify({ ...alert, version }),
  };
  await transaction
    .insertInto("alerts")
    .values(row)
    .onConflict((conflict) => conflict.column("id").doUpdateSet(row))
    .execute();
  await transaction
    .insertInto("alert_changes")
    .values({
      ...{ alert: alert.id, place: version, at_ms: change.atMs },
      change: JSON.stringify(change),
    })
    .execute();
}
