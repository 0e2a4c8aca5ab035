import { type Kysely, sql } from "kysely";

export async function createRollouts(database: Kysely<unknown>): Promise<void> {
  await createRolloutTable(database);
  await createStages(database);
  await createExecutions(database);
  await createMemory(database);
}

async function createRolloutTable(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("rollouts")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("version", "bigint", (column) => column.notNull())
    .addColumn("model", "text", (column) => column.notNull())
    .addColumn("model_version", "text", (column) => column.notNull())
    .addColumn("release", "text", (column) => column.notNull().references("releases.release"))
    .addColumn("slot", "text", (column) => column.notNull())
    .addColumn("priority", "bigint", (column) => column.notNull())
    .addColumn("plan", "text", (column) => column.notNull())
    .addColumn("seed", "text", (column) => column.notNull())
    .addColumn("state", "text", (column) => column.notNull())
    .addColumn("paused", "text")
    .addColumn("detail", "text")
    .addColumn("abort", "text")
    .addColumn("approval", "text", (column) => column.notNull())
    .addColumn("created_by", "text", (column) => column.notNull())
    .addColumn("scope", "text", (column) => column.notNull())
    .addColumn("created_at_ms", "bigint", (column) => column.notNull())
    .addColumn("start_at_ms", "bigint")
    .addColumn("started_at_ms", "bigint")
    .addColumn("ended_at_ms", "bigint")
    .addColumn("watch_until_ms", "bigint")
    .addColumn("devices", "bigint", (column) => column.notNull())
    .addColumn("control", "bigint", (column) => column.notNull())
    .addColumn("is_over", "bigint", (column) => column.notNull())
    .addColumn("offered", "bigint", (column) => column.notNull())
    .execute();
  const index = (name: string) => database.schema.createIndex(name).on("rollouts");
  await index("rollouts_by_age").columns(["created_at_ms", "id"]).execute();
  await index("rollouts_active").columns(["is_over", "watch_until_ms"]).execute();
}

/** A stage of -1 are the later joiners, of -2 the control cohort, both until the last stage takes them in. */
async function createStages(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("rollout_stages")
    .addColumn("rollout", "text", (column) => column.notNull().references("rollouts.id"))
    .addColumn("stage", "bigint", (column) => column.notNull())
    .addColumn("state", "text", (column) => column.notNull())
    .addColumn("detail", "text")
    .addColumn("started_at_ms", "bigint")
    .addColumn("deadline_at_ms", "bigint")
    .addColumn("bake_until_ms", "bigint")
    .addColumn("acknowledged", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("rollout_stages_pk", ["rollout", "stage"])
    .execute();
  await database.schema
    .createTable("rollout_tallies")
    .addColumn("rollout", "text", (column) => column.notNull().references("rollouts.id"))
    .addColumn("stage", "bigint", (column) => column.notNull())
    .addColumn("state", "text", (column) => column.notNull())
    .addColumn("count", "bigint", (column) => column.notNull())
    .addColumn("installed", "bigint", (column) => column.notNull())
    .addColumn("returnable", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("rollout_tallies_pk", ["rollout", "stage", "state"])
    .execute();
  const byState = database.schema.createIndex("rollout_tallies_by_state").on("rollout_tallies");
  await byState.columns(["state", "count"]).execute();
}

async function createExecutions(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("rollout_executions")
    .addColumn("rollout", "text", (column) => column.notNull().references("rollouts.id"))
    .addColumn("device", "text", (column) => column.notNull().references("devices.id"))
    .addColumn("slot", "text", (column) => column.notNull())
    .addColumn("position", "bigint", (column) => column.notNull())
    .addColumn("stage", "bigint", (column) => column.notNull())
    .addColumn("is_control", "bigint", (column) => column.notNull())
    .addColumn("group_value", "text")
    .addColumn("reasons", "text", (column) => column.notNull())
    .addColumn("state", "text", (column) => column.notNull())
    .addColumn("code", "text")
    .addColumn("detail", "text")
    .addColumn("attempts", "bigint", (column) => column.notNull())
    .addColumn("seq", "bigint")
    .addColumn("offered_at_ms", "bigint")
    .addColumn("attempt_at_ms", "bigint")
    .addColumn("changed_at_ms", "bigint", (column) => column.notNull())
    .addColumn("due_at_ms", "bigint")
    .addColumn("timer_at_ms", "bigint")
    .addColumn("is_unwell", "bigint", (column) => column.notNull())
    .addColumn("is_heeded", "bigint", (column) => column.notNull())
    .addColumn("wanted", "bigint", (column) => column.notNull())
    .addColumn("version", "bigint", (column) => column.notNull())
    .addColumn("previous", "text")
    .addPrimaryKeyConstraint("rollout_executions_pk", ["rollout", "device"])
    .addUniqueConstraint("rollout_executions_order", ["rollout", "position"])
    .execute();
  const index = (name: string) => database.schema.createIndex(name).on("rollout_executions");
  await index("rollout_executions_queue")
    .columns(["rollout", "stage", "state", "position"])
    .execute();
  await index("rollout_executions_of_device").columns(["device", "is_heeded"]).execute();
  await index("rollout_executions_due")
    .columns(["rollout", "timer_at_ms"])
    .where(sql.ref("timer_at_ms"), "is not", null)
    .execute();
  await index("rollout_executions_returnable")
    .columns(["rollout", "stage", "position"])
    .where(sql.ref("wanted"), "=", 2)
    .execute();
  await database.schema
    .createTable("rollout_orders")
    .addColumn("rollout", "text", (column) => column.notNull().references("rollouts.id"))
    .addColumn("at_ms", "bigint", (column) => column.notNull())
    .addColumn("count", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("rollout_orders_pk", ["rollout", "at_ms"])
    .execute();
}

/** What outlives a rollout: bad releases, how devices fared, whom a call was answered, who leads. */
async function createMemory(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("poisoned_releases")
    .addColumn("release", "text", (column) => column.primaryKey().references("releases.release"))
    .addColumn("rollout", "text", (column) => column.notNull().references("rollouts.id"))
    .addColumn("reason", "text", (column) => column.notNull())
    .addColumn("at_ms", "bigint", (column) => column.notNull())
    .execute();
  await database.schema
    .createTable("device_failures")
    .addColumn("device", "text", (column) => column.notNull().references("devices.id"))
    .addColumn("at_ms", "bigint", (column) => column.notNull())
    .addColumn("rollout", "text", (column) => column.notNull().references("rollouts.id"))
    .addColumn("attempt", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("device_failures_pk", ["device", "at_ms", "rollout", "attempt"])
    .execute();
  await database.schema
    .createTable("idempotency_keys")
    .addColumn("caller", "text", (column) => column.notNull())
    .addColumn("key", "text", (column) => column.notNull())
    .addColumn("body_sha256", "text", (column) => column.notNull())
    .addColumn("at_ms", "bigint", (column) => column.notNull())
    .addColumn("answer", "text")
    .addPrimaryKeyConstraint("idempotency_keys_pk", ["caller", "key"])
    .execute();
  const byAge = database.schema.createIndex("idempotency_keys_by_age").on("idempotency_keys");
  await byAge.column("at_ms").execute();
  await database.schema
    .createTable("leases")
    .addColumn("name", "text", (column) => column.primaryKey())
    .addColumn("holder", "text", (column) => column.notNull())
    .addColumn("until_ms", "bigint", (column) => column.notNull())
    .execute();
}

/**
 * A wish may come of a rollout too, and may say when it begins to serve. A constraint cannot be taken from a table in
 * SQLite, so it is built anew.
 */
export async function widenDesiredSlots(database: Kysely<unknown>): Promise<void> {
  const columns = [
    "device",
    "slot",
    "release",
    "model",
    "version",
    "envelope_size",
    "deployment",
    "defer_ms_max",
  ];
  await database.schema
    .createTable("desired_slots_8")
    .addColumn("device", "text", (column) => column.notNull().references("devices.id"))
    .addColumn("slot", "text", (column) => column.notNull())
    .addColumn("release", "text", (column) => column.notNull().references("releases.release"))
    .addColumn("model", "text", (column) => column.notNull())
    .addColumn("version", "text", (column) => column.notNull())
    .addColumn("envelope_size", "bigint", (column) => column.notNull())
    .addColumn("deployment", "text", (column) => column.notNull())
    .addColumn("defer_ms_max", "bigint")
    .addColumn("windows", "text")
    .addColumn("attempt", "bigint")
    .addPrimaryKeyConstraint("desired_slots_8_pk", ["device", "slot"])
    .execute();
  const named = sql.join(columns.map((name) => sql.ref(name)));
  await sql`insert into desired_slots_8 (${named}) select ${named} from desired_slots`.execute(
    database,
  );
  await database.schema.dropTable("desired_slots").execute();
  await database.schema.alterTable("desired_slots_8").renameTo("desired_slots").execute();
}

/** Every report asks for the newest order: it is found in its place, without sorting. */
export async function indexNewestOrders(database: Kysely<unknown>): Promise<void> {
  await database.schema.dropIndex("executions_of_device").execute();
  const index = database.schema.createIndex("executions_newest").on("executions");
  await index.columns(["device", "slot", "release", "seq"]).execute();
}

/** Rollouts are followed entry by entry. */
export async function indexAuditBySubject(database: Kysely<unknown>): Promise<void> {
  const index = database.schema.createIndex("audit_events_by_subject").on("audit_events");
  await index.columns(["subject", "seq"]).execute();
}

/** Labels as rows, for whoever asks how many devices of a site are in service. */
export async function createDeviceLabels(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .createTable("device_labels")
    .addColumn("device", "text", (column) => column.notNull().references("devices.id"))
    .addColumn("key", "text", (column) => column.notNull())
    .addColumn("value", "text", (column) => column.notNull())
    .addPrimaryKeyConstraint("device_labels_pk", ["device", "key"])
    .execute();
  const byValue = database.schema.createIndex("device_labels_by_value").on("device_labels");
  await byValue.columns(["key", "value"]).execute();
  const { rows } = await sql<{
    id: string;
    labels: string;
  }>`select id, labels from devices`.execute(database);
  for (const { id, labels } of rows) {
    for (const [key, value] of Object.entries(JSON.parse(labels) as Record<string, string>)) {
      const row = sql.join([id, key, value]);
      await sql`insert into device_labels (device, key, value) values (${row})`.execute(database);
    }
  }
}
