import type { Kysely } from "kysely";

const batchKey = ["device", "era", "boot", "seq"] as const;

/**
 * A table of parts of telemetry batches, with its key and what it refers to; the caller adds what a part is. Migrations
 * that were released make their tables with it: what it makes never changes.
 */
export function createBatchPart<Name extends `telemetry_${string}`>(
  database: Kysely<unknown>,
  name: Name,
) {
  return database.schema
    .createTable(name)
    .addColumn("device", "text", (column) => column.notNull())
    .addColumn("era", "bigint", (column) => column.notNull())
    .addColumn("boot", "bigint", (column) => column.notNull())
    .addColumn("seq", "bigint", (column) => column.notNull())
    .addColumn("position", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint(`${name}_pk`, [...batchKey, "position"])
    .addForeignKeyConstraint(`${name}_batch`, [...batchKey], "telemetry_batches", [...batchKey]);
}
