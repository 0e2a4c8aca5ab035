import type { Kysely } from "kysely";

export async function createReleases(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("releases")
    .addColumn("release", "text", (column) => column.primaryKey())
    .addColumn("model", "text", (column) => column.notNull())
    .addColumn("version", "text", (column) => column.notNull())
    .addColumn("document", "text", (column) => column.notNull())
    .addColumn("envelope", "bytea", (column) => column.notNull())
    .addColumn("published_at_ms", "bigint", (column) => column.notNull())
    .addUniqueConstraint("releases_version", ["model", "version"])
    .execute();
  await database.schema
    .createTable("release_files")
    .addColumn("release", "text", (column) => column.notNull().references("releases.release"))
    .addColumn("path", "text", (column) => column.notNull())
    .addColumn("sha256", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("release_files_pk", ["release", "path"])
    .execute();
}

export async function createDeployments(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("deployments")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("release", "text", (column) => column.notNull().references("releases.release"))
    .addColumn("model", "text", (column) => column.notNull())
    .addColumn("version", "text", (column) => column.notNull())
    .addColumn("slot", "text", (column) => column.notNull())
    .addColumn("target", "text", (column) => column.notNull())
    .addColumn("created_at_ms", "bigint", (column) => column.notNull())
    .execute();
  await database.schema
    .createTable("executions")
    .addColumn("deployment", "text", (column) => column.notNull().references("deployments.id"))
    .addColumn("device", "text", (column) => column.notNull().references("devices.id"))
    .addColumn("slot", "text", (column) => column.notNull())
    .addColumn("release", "text", (column) => column.notNull())
    .addColumn("seq", "bigint")
    .addColumn("reasons", "text", (column) => column.notNull())
    .addColumn("step", "text")
    .addColumn("code", "text")
    .addColumn("detail", "text")
    .addPrimaryKeyConstraint("executions_pk", ["deployment", "device"])
    .execute();
  await database.schema
    .createIndex("executions_of_device")
    .on("executions")
    .columns(["device", "slot", "release"])
    .execute();
  await database.schema
    .createTable("desired_slots")
    .addColumn("device", "text", (column) => column.notNull().references("devices.id"))
    .addColumn("slot", "text", (column) => column.notNull())
    .addColumn("release", "text", (column) => column.notNull().references("releases.release"))
    .addColumn("model", "text", (column) => column.notNull())
    .addColumn("version", "text", (column) => column.notNull())
    .addColumn("envelope_size", "bigint", (column) => column.notNull())
    .addColumn("deployment", "text", (column) => column.notNull().references("deployments.id"))
    .addPrimaryKeyConstraint("desired_slots_pk", ["device", "slot"])
    .execute();
}
