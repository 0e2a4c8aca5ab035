import type { Kysely } from "kysely";

/** Which reports are older than the newest hello; 0: none is known to be. */
export async function addHelloReports(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .alterTable("devices")
    .addColumn("hello_reports", "bigint", (column) => column.notNull().defaultTo(0))
    .execute();
}
