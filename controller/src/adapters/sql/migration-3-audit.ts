import type { Kysely } from "kysely";

export async function createAudit(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("audit_events")
    .addColumn("seq", "bigint", (column) => column.primaryKey())
    .addColumn("at_ms", "bigint", (column) => column.notNull())
    .addColumn("actor", "text", (column) => column.notNull())
    .addColumn("action", "text", (column) => column.notNull())
    .addColumn("subject", "text", (column) => column.notNull())
    .addColumn("detail", "text", (column) => column.notNull())
    .addColumn("previous_hash", "text", (column) => column.notNull())
    .addColumn("hash", "text", (column) => column.notNull())
    .execute();
  await database.schema
    .createTable("audit_checkpoints")
    .addColumn("seq", "bigint", (column) => column.primaryKey())
    .addColumn("envelope", "bytea", (column) => column.notNull())
    .addColumn("at_ms", "bigint", (column) => column.notNull())
    .execute();
}

/** How many batches came of each start of an agent, and how far it has counted: what is missing is the difference. */
export async function createTelemetryBoots(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("telemetry_boots")
    .addColumn("device", "text", (column) => column.notNull().references("devices.id"))
    .addColumn("era", "bigint", (column) => column.notNull())
    .addColumn("boot", "bigint", (column) => column.notNull())
    .addColumn("seq_max", "bigint", (column) => column.notNull())
    .addColumn("received", "bigint", (column) => column.notNull())
    .addColumn("last_at_ms", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("telemetry_boots_pk", ["device", "era", "boot"])
    .execute();
}
