import {
  type Maintenance,
  type MaintenanceId,
  type ModelName,
  maintenanceLimits,
} from "@modelfleet/protocol";
import type { Kysely, Selectable } from "kysely";
import type { AuditEntry } from "../../domain/audit/audit-entry.ts";
import type { MaintenanceStore, TimeSpan } from "../../ports/maintenance-store.ts";
import { appendAudit } from "./append-audit.ts";
import type { MaintenanceTable } from "./drift/drift-tables.ts";
import type { Schema } from "./schema.ts";

export class SqlMaintenanceStore implements MaintenanceStore {
  readonly #database: Kysely<Schema>;

  constructor(database: Kysely<Schema>) {
    this.#database = database;
  }

  readonly add = (maintenance: Maintenance, entry: AuditEntry): Promise<boolean> =>
    this.#database.transaction().execute(async (transaction) => {
      const { atMs } = entry;
      await transaction
        .deleteFrom("maintenance")
        .where("until_ms", "<", atMs - maintenanceLimits.keptMs)
        .execute();
      const { count } = await transaction
        .selectFrom("maintenance")
        .select((row) => row.fn.countAll<number>().as("count"))
        .where("until_ms", ">", atMs)
        .where("ended_at_ms", "is", null)
        .executeTakeFirstOrThrow();
      if (count >= maintenanceLimits.openMax) return false;
      await transaction.insertInto("maintenance").values(rowOf(maintenance)).execute();
      await appendAudit(transaction, entry);
      return true;
    });

  readonly byId = async (id: MaintenanceId): Promise<Maintenance | undefined> => {
    const found = this.#database.selectFrom("maintenance").selectAll().where("id", "=", id);
    const row = await found.executeTakeFirst();
    return row && maintenanceOf(row);
  };

  readonly list = async (model: ModelName | undefined): Promise<readonly Maintenance[]> => {
    let found = this.#database.selectFrom("maintenance").selectAll();
    if (model !== undefined) found = found.where("model", "=", model);
    // Else those that were called off long before their time would stand before, and at last in the place of, open ones.
    const rows = await found
      .orderBy(({ fn }) => fn.coalesce("ended_at_ms", "until_ms"), "desc")
      .orderBy("id")
      .limit(maintenanceLimits.listedMax)
      .execute();
    return rows.map(maintenanceOf);
  };

  readonly overlapping = async (
    model: ModelName,
    { fromMs, untilMs }: TimeSpan,
  ): Promise<readonly Maintenance[]> => {
    const rows = await this.#database
      .selectFrom("maintenance")
      .selectAll()
      .where("model", "=", model)
      .where("until_ms", ">", fromMs)
      .where("from_ms", "<", untilMs)
      .where((where) =>
        where.or([where("ended_at_ms", "is", null), where("ended_at_ms", ">", fromMs)]),
      )
      .orderBy("from_ms")
      .orderBy("id")
      .execute();
    return rows.map(maintenanceOf);
  };

  readonly end = (
    id: MaintenanceId,
    { by, atMs }: { readonly by: string; readonly atMs: number },
    entry: AuditEntry,
  ): Promise<boolean> =>
    this.#database.transaction().execute(async (transaction) => {
      const { numUpdatedRows } = await transaction
        .updateTable("maintenance")
        .set({ ended_at_ms: atMs, ended_by: by })
        .where("id", "=", id)
        .where("ended_at_ms", "is", null)
        .where("until_ms", ">", atMs)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return false;
      await appendAudit(transaction, entry);
      return true;
    });
}

function rowOf({ createdAtMs, createdBy, ...maintenance }: Maintenance): MaintenanceTable {
  const { id, model, cohort, fromMs, untilMs, reason, endedAtMs, endedBy } = maintenance;
  return {
    ...{ id, model, cohort, reason },
    ...{ from_ms: fromMs, until_ms: untilMs },
    ...{ created_at_ms: createdAtMs, created_by: createdBy },
    ...{ ended_at_ms: endedAtMs, ended_by: endedBy },
  };
}

function maintenanceOf(row: Selectable<MaintenanceTable>): Maintenance {
  const { id, model, cohort, reason } = row;
  return {
    // As they were when it was announced.
    ...{ id, model: model as ModelName, cohort, reason },
    ...{ fromMs: row.from_ms, untilMs: row.until_ms },
    ...{ createdAtMs: row.created_at_ms, createdBy: row.created_by },
    ...{ endedAtMs: row.ended_at_ms, endedBy: row.ended_by },
  };
}
