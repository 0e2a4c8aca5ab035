import type { Kysely } from "kysely";

/** Claims for one name, by approval, and revoked before their time. SQLite adds one column at a time. */
export async function boundClaims(database: Kysely<unknown>): Promise<void> {
  const claims = () => database.schema.alterTable("claims");
  await claims().addColumn("device", "text").execute();
  await claims()
    .addColumn("needs_approval", "bigint", (column) => column.notNull().defaultTo(0))
    .execute();
  await claims().addColumn("revoked_at_ms", "bigint").execute();
  await claims()
    .addColumn("asked", "bigint", (column) => column.notNull().defaultTo(0))
    .execute();
  await database.schema
    .createTable("claim_messages")
    .addColumn("claim_id", "text", (column) => column.notNull().references("claims.id"))
    .addColumn("sha256", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("claim_messages_pk", ["claim_id", "sha256"])
    .execute();
}

/** Devices that wait, and devices that lost their place. A revoked key stays so when its name has another one. */
export async function deviceStates(database: Kysely<unknown>): Promise<void> {
  const devices = () => database.schema.alterTable("devices");
  await devices()
    .addColumn("state", "text", (column) => column.notNull().defaultTo("active"))
    .execute();
  await devices().addColumn("revoked_at_ms", "bigint").execute();
  await devices().addColumn("revoke_reason", "text").execute();
  await database.schema
    .createTable("revoked_keys")
    .addColumn("public_key", "bytea", (column) => column.primaryKey())
    .addColumn("device", "text", (column) => column.notNull())
    .addColumn("revoked_at_ms", "bigint", (column) => column.notNull())
    .execute();
}
