import type { Kysely } from "kysely";

export async function createClaims(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("claims")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("secret", "text")
    .addColumn("class", "text", (column) => column.notNull())
    .addColumn("uses", "bigint", (column) => column.notNull())
    .addColumn("used", "bigint", (column) => column.notNull())
    .addColumn("created_at_ms", "bigint", (column) => column.notNull())
    .addColumn("expires_at_ms", "bigint", (column) => column.notNull())
    .addColumn("labels", "text", (column) => column.notNull())
    .execute();
}

export async function createDevices(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("devices")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("public_key", "bytea", (column) => column.notNull().unique())
    .addColumn("class", "text", (column) => column.notNull())
    .addColumn("labels", "text", (column) => column.notNull())
    .addColumn("claim_id", "text", (column) => column.notNull().references("claims.id"))
    .addColumn("secret_sha256", "text", (column) => column.notNull())
    .addColumn("enrolled_at_ms", "bigint", (column) => column.notNull())
    .addColumn("online", "bigint", (column) => column.notNull().defaultTo(0))
    .addColumn("presence_boot", "bigint", (column) => column.notNull().defaultTo(-1))
    .addColumn("last_seen_at_ms", "bigint")
    .addColumn("era", "bigint", (column) => column.notNull().defaultTo(0))
    .addColumn("boot", "bigint")
    .addColumn("hello_at_ms", "bigint")
    .addColumn("agent_version", "text")
    .addColumn("facts", "text")
    .addColumn("slots", "text", (column) => column.notNull().defaultTo("[]"))
    .addColumn("reported_seq", "bigint", (column) => column.notNull().defaultTo(0))
    .addColumn("report_boot", "bigint", (column) => column.notNull().defaultTo(-1))
    .addColumn("report_seq", "bigint", (column) => column.notNull().defaultTo(-1))
    .addColumn("dropped", "bigint", (column) => column.notNull().defaultTo(0))
    .addColumn("desired_seq", "bigint", (column) => column.notNull().defaultTo(0))
    .addColumn("desired_envelope", "bytea")
    .addColumn("desired_at_ms", "bigint")
    .execute();
  await database.schema
    .createTable("report_items")
    .addColumn("device", "text", (column) => column.notNull().references("devices.id"))
    .addColumn("place", "bigint", (column) => column.notNull())
    .addColumn("at_ms", "bigint", (column) => column.notNull())
    .addColumn("item", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("report_items_pk", ["device", "place"])
    .execute();
}
