import { type Kysely, sql } from "kysely";
import { createBatchPart } from "./create-batch-part.ts";

/** Which windows a cell of the grid has, and which of them are in its roll-ups. */
export async function createDriftCells(database: Kysely<unknown>): Promise<void> {
  const windows = database.schema.alterTable("telemetry_windows");
  await windows.addColumn("cell_ms", "bigint", (column) => column.notNull().defaultTo(0)).execute();
  await windows.addColumn("mark", "bigint", (column) => column.notNull().defaultTo(0)).execute();
  await database.schema
    .createIndex("telemetry_windows_of_cell")
    .on("telemetry_windows")
    .columns(["release8", "cell_ms", "mark"])
    .execute();
  await database.schema
    .createTable("drift_cells")
    .addColumn("release8", "text", (column) => column.notNull())
    .addColumn("cell_ms", "bigint", (column) => column.notNull())
    .addColumn("length_ms", "bigint", (column) => column.notNull())
    .addColumn("marked", "bigint", (column) => column.notNull())
    .addColumn("on_time", "bigint", (column) => column.notNull())
    .addColumn("folded", "bigint", (column) => column.notNull().defaultTo(0))
    .addColumn("day_folded", "bigint", (column) => column.notNull().defaultTo(0))
    .addPrimaryKeyConstraint("drift_cells_pk", ["release8", "cell_ms"])
    .execute();
  await database.schema
    .createIndex("drift_cells_dirty")
    .on("drift_cells")
    .columns(["cell_ms"])
    .where(sql.ref("marked"), ">", sql.ref("folded"))
    .execute();
  await database.schema
    .createIndex("drift_cells_of_dirty_days")
    .on("drift_cells")
    .columns(["cell_ms"])
    .where(sql.ref("folded"), ">", sql.ref("day_folded"))
    .execute();
}

export async function createDriftRollups(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("drift_rollups")
    .addColumn("release8", "text", (column) => column.notNull())
    .addColumn("span", "text", (column) => column.notNull())
    .addColumn("start_ms", "bigint", (column) => column.notNull())
    .addColumn("cohort", "text", (column) => column.notNull())
    .addColumn("length_ms", "bigint", (column) => column.notNull())
    .addColumn("devices", "bigint", (column) => column.notNull())
    .addColumn("sums", "bytea", (column) => column.notNull())
    .addColumn("labels", "text", (column) => column.notNull())
    .addColumn("verdicts", "bytea")
    .addPrimaryKeyConstraint("drift_rollups_pk", ["release8", "span", "start_ms", "cohort"])
    .execute();
  await database.schema
    .createIndex("drift_rollups_of_cohort")
    .on("drift_rollups")
    .columns(["release8", "span", "cohort", "start_ms"])
    .execute();
  await database.schema
    .createIndex("drift_rollups_by_age")
    .on("drift_rollups")
    .columns(["span", "start_ms"])
    .execute();
  await database.schema
    .createTable("drift_releases")
    .addColumn("release8", "text", (column) => column.primaryKey())
    .addColumn("version", "bigint", (column) => column.notNull())
    .addColumn("judged_ms", "bigint", (column) => column.notNull())
    .addColumn("state", "bytea", (column) => column.notNull())
    .execute();
}

export async function createAlerts(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("alerts")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("version", "bigint", (column) => column.notNull())
    .addColumn("release8", "text", (column) => column.notNull())
    .addColumn("model", "text", (column) => column.notNull())
    .addColumn("model_version", "text", (column) => column.notNull())
    .addColumn("cohort", "text", (column) => column.notNull())
    .addColumn("signal", "text", (column) => column.notNull())
    .addColumn("state", "text", (column) => column.notNull())
    .addColumn("opened_at_ms", "bigint", (column) => column.notNull())
    .addColumn("changed_at_ms", "bigint", (column) => column.notNull())
    .addColumn("alert", "text", (column) => column.notNull())
    .execute();
  await database.schema
    .createIndex("alerts_by_age")
    .on("alerts")
    .columns(["opened_at_ms", "id"])
    .execute();
  await database.schema
    .createIndex("alerts_of_release")
    .on("alerts")
    .columns(["release8", "state"])
    .execute();
  await database.schema
    .createTable("alert_changes")
    .addColumn("alert", "text", (column) => column.notNull().references("alerts.id"))
    .addColumn("place", "bigint", (column) => column.notNull())
    .addColumn("at_ms", "bigint", (column) => column.notNull())
    .addColumn("change", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("alert_changes_pk", ["alert", "place"])
    .execute();
}

/** Windows that nothing could be held against: kept as they came, so that they are not lost and not believed. */
export async function createQuarantine(database: Kysely<unknown>): Promise<void> {
  await createBatchPart(database, "telemetry_quarantine")
    .addColumn("reason", "text", (column) => column.notNull())
    .addColumn("release8", "text", (column) => column.notNull())
    .addColumn("profile8", "text")
    .addColumn("received_at_ms", "bigint", (column) => column.notNull())
    .addColumn("bytes", "bytea", (column) => column.notNull())
    .execute();
  await database.schema
    .createIndex("telemetry_quarantine_by_reason")
    .on("telemetry_quarantine")
    .columns(["reason", "release8", "received_at_ms"])
    .execute();
}

/** Labels that came for answers, in the cell in which they came: they are late by nature. */
export async function createLabels(database: Kysely<unknown>): Promise<void> {
  await createBatchPart(database, "telemetry_labels")
    .addColumn("slot", "text", (column) => column.notNull())
    .addColumn("release8", "text", (column) => column.notNull())
    .addColumn("start_ms", "bigint", (column) => column.notNull())
    .addColumn("duration_ms", "bigint", (column) => column.notNull())
    .addColumn("output", "bigint", (column) => column.notNull())
    .addColumn("labelled", "bigint", (column) => column.notNull())
    .addColumn("errors", "bigint", (column) => column.notNull())
    .addColumn("detectors", "text", (column) => column.notNull())
    .addColumn("cell_ms", "bigint", (column) => column.notNull())
    .addColumn("mark", "bigint", (column) => column.notNull())
    .execute();
  await database.schema
    .createIndex("telemetry_labels_of_cell")
    .on("telemetry_labels")
    .columns(["release8", "cell_ms", "mark"])
    .execute();
}
