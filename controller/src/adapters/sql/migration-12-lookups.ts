import type { Kysely } from "kysely";

/** Windows of one start are as many as there are devices; without the device, each page would sort all of them again. */
export async function widenWindowsOfRelease(database: Kysely<unknown>): Promise<void> {
  await database.schema.dropIndex("telemetry_windows_of_release").execute();
  await database.schema
    .createIndex("telemetry_windows_of_release")
    .on("telemetry_windows")
    .columns(["release8", "start_ms", "device"])
    .execute();
}

/** Alerts are kept for ever, and asked for by model or, the few that are open, by state. */
export async function indexAlerts(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createIndex("alerts_of_model")
    .on("alerts")
    .columns(["model", "opened_at_ms", "id"])
    .execute();
  await database.schema
    .createIndex("alerts_by_state")
    .on("alerts")
    .columns(["state", "opened_at_ms", "id"])
    .execute();
}
