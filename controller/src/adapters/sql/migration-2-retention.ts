import type { Kysely } from "kysely";

/** The oldest batches are looked for every day. */
export async function indexBatchesByAge(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createIndex("telemetry_batches_by_age")
    .on("telemetry_batches")
    .column("received_at_ms")
    .execute();
}
