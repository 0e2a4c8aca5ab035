import type { Kysely } from "kysely";

export async function createApiKeys(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("api_keys")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("secret_sha256", "text", (column) => column.notNull())
    .addColumn("grants", "text", (column) => column.notNull())
    .addColumn("created_at_ms", "bigint", (column) => column.notNull())
    .addColumn("created_by", "text", (column) => column.notNull())
    .addColumn("expires_at_ms", "bigint", (column) => column.notNull())
    .addColumn("revoked_at_ms", "bigint")
    .addColumn("last_used_at_ms", "bigint")
    .execute();
}

/** What was there before was ordered by one person, and is in force. */
export async function addApprovals(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .alterTable("releases")
    .addColumn("approval", "text", (column) => column.notNull().defaultTo('{"state":"not-needed"}'))
    .execute();
  await database.schema.alterTable("deployments").addColumn("requester", "text").execute();
  await database.schema
    .alterTable("deployments")
    .addColumn("approval", "text", (column) => column.notNull().defaultTo('{"state":"not-needed"}'))
    .execute();
}
