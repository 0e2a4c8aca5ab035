import type { Kysely } from "kysely";

export async function createMaintenance(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("maintenance")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("model", "text", (column) => column.notNull())
    .addColumn("cohort", "text", (column) => column.notNull())
    .addColumn("from_ms", "bigint", (column) => column.notNull())
    .addColumn("until_ms", "bigint", (column) => column.notNull())
    .addColumn("reason", "text", (column) => column.notNull())
    .addColumn("created_at_ms", "bigint", (column) => column.notNull())
    .addColumn("created_by", "text", (column) => column.notNull())
    .addColumn("ended_at_ms", "bigint")
    .addColumn("ended_by", "text")
    .execute();
  await database.schema
    .createIndex("maintenance_of_model")
    .on("maintenance")
    .columns(["model", "until_ms"])
    .execute();
  await database.schema
    .createIndex("maintenance_by_end")
    .on("maintenance")
    .columns(["until_ms", "id"])
    .execute();
}
