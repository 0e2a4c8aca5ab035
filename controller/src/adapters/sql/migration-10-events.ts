import type { Kysely } from "kysely";

export async function createEvents(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("outgoing_events")
    .addColumn("seq", "bigint", (column) => column.primaryKey())
    .addColumn("id", "text", (column) => column.notNull().unique())
    .addColumn("type", "text", (column) => column.notNull())
    .addColumn("subject", "text", (column) => column.notNull())
    .addColumn("at_ms", "bigint", (column) => column.notNull())
    .addColumn("data", "text", (column) => column.notNull())
    .execute();
  await database.schema
    .createIndex("outgoing_events_by_age")
    .on("outgoing_events")
    .columns(["at_ms"])
    .execute();
}

export async function createWebhooks(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("webhooks")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("url", "text", (column) => column.notNull())
    .addColumn("types", "text", (column) => column.notNull())
    .addColumn("description", "text", (column) => column.notNull())
    .addColumn("secret", "text", (column) => column.notNull())
    .addColumn("enabled", "bigint", (column) => column.notNull())
    .addColumn("created_at_ms", "bigint", (column) => column.notNull())
    .addColumn("created_by", "text", (column) => column.notNull())
    .execute();
  await database.schema
    .createTable("webhook_deliveries")
    .addColumn("webhook", "text", (column) => column.notNull().references("webhooks.id"))
    .addColumn("event", "bigint", (column) => column.notNull().references("outgoing_events.seq"))
    .addColumn("state", "text", (column) => column.notNull())
    .addColumn("attempts", "bigint", (column) => column.notNull())
    .addColumn("since_ms", "bigint", (column) => column.notNull())
    .addColumn("next_at_ms", "bigint", (column) => column.notNull())
    .addColumn("last_at_ms", "bigint")
    .addColumn("status", "bigint")
    .addColumn("outcome", "text")
    .addPrimaryKeyConstraint("webhook_deliveries_pk", ["webhook", "event"])
    .execute();
  // What is due of each webhook, and how many of it are in a state.
  await database.schema
    .createIndex("webhook_deliveries_due")
    .on("webhook_deliveries")
    .columns(["webhook", "state", "next_at_ms"])
    .execute();
  await database.schema
    .createIndex("webhook_deliveries_of_event")
    .on("webhook_deliveries")
    .columns(["event"])
    .execute();
}
