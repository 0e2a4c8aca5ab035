import type { Kysely } from "kysely";

/** How long applications may put a swap off; null: the device's own bound. */
export async function addDeferral(database: Kysely<unknown>): Promise<void> {
  for (const table of ["deployments", "desired_slots"]) {
    await database.schema.alterTable(table).addColumn("defer_ms_max", "bigint").execute();
  }
}
