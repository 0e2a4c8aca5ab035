import type { Kysely } from "kysely";

export async function createTelemetry(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("telemetry_batches")
    .addColumn("device", "text", (column) => column.notNull().references("devices.id"))
    .addColumn("era", "bigint", (column) => column.notNull())
    .addColumn("boot", "bigint", (column) => column.notNull())
    .addColumn("seq", "bigint", (column) => column.notNull())
    .addColumn("dropped", "bigint", (column) => column.notNull())
    .addColumn("received_at_ms", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("telemetry_batches_pk", ["device", "era", "boot", "seq"])
    .execute();
  await database.schema
    .createTable("telemetry_windows")
    .addColumn("device", "text", (column) => column.notNull())
    .addColumn("era", "bigint", (column) => column.notNull())
    .addColumn("boot", "bigint", (column) => column.notNull())
    .addColumn("seq", "bigint", (column) => column.notNull())
    .addColumn("position", "bigint", (column) => column.notNull())
    .addColumn("slot", "text", (column) => column.notNull())
    .addColumn("release8", "text", (column) => column.notNull())
    .addColumn("start_ms", "bigint", (column) => column.notNull())
    .addColumn("duration_ms", "bigint", (column) => column.notNull())
    .addColumn("bytes", "bytea", (column) => column.notNull())
    .addPrimaryKeyConstraint("telemetry_windows_pk", ["device", "era", "boot", "seq", "position"])
    .addForeignKeyConstraint(
      "telemetry_windows_batch",
      ["device", "era", "boot", "seq"],
      "telemetry_batches",
      ["device", "era", "boot", "seq"],
    )
    .execute();
  await database.schema
    .createIndex("telemetry_windows_of_release")
    .on("telemetry_windows")
    .columns(["release8", "start_ms"])
    .execute();
}
