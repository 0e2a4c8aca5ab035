import type { Kysely } from "kysely";

/** Client certificates that were given away; which of them are revoked, `revoked_keys` knows. */
export async function createCertificates(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("certificates")
    .addColumn("serial", "text", (column) => column.primaryKey())
    .addColumn("device", "text", (column) => column.notNull())
    .addColumn("public_key", "bytea", (column) => column.notNull())
    .addColumn("pem", "text", (column) => column.notNull())
    .addColumn("issued_at_ms", "bigint", (column) => column.notNull())
    .addColumn("expires_at_ms", "bigint", (column) => column.notNull())
    .execute();
  await database.schema
    .createIndex("certificates_by_key")
    .on("certificates")
    .columns(["public_key", "expires_at_ms"])
    .execute();
}
