import type { Kysely } from "kysely";
import { createBatchPart } from "./create-batch-part.ts";

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
  await createBatchPart(database, "telemetry_windows")
    .addColumn("slot", "text", (column) => column.notNull())
    .addColumn("release8", "text", (column) => column.notNull())
    .addColumn("start_ms", "bigint", (column) => column.notNull())
    .addColumn("duration_ms", "bigint", (column) => column.notNull())
    .addColumn("bytes", "bytea", (column) => column.notNull())
    .execute();
  await database.schema
    .createIndex("telemetry_windows_of_release")
    .on("telemetry_windows")
    .columns(["release8", "start_ms"])
    .execute();
}
