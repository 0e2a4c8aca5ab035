import { Kysely, SqliteDialect, sql } from "kysely";
import { Migrator } from "kysely/migration";
import { expect, test } from "vitest";
import { migrations } from "../../controller/src/adapters/sql/migrations.ts";
import { openNodeSqlite } from "../../controller/src/adapters/sql/node-sqlite.ts";
import type { Schema } from "../../controller/src/adapters/sql/schema.ts";

test("a fleet from before rollouts keeps its wishes, and its labels can be counted", async () => {
  await using database = new Kysely<Schema>({
    dialect: new SqliteDialect({ database: openNodeSqlite(":memory:") }),
  });
  const provider = { getMigrations: () => Promise.resolve(migrations) };
  const migrator = new Migrator({ db: database, provider });
  expect((await migrator.migrateTo("0007-deferral")).error).toBeUndefined();
  const rows = [
    sql`insert into claims (id, class, uses, used, created_at_ms, expires_at_ms, labels)
        values ('c', 'cam', 1, 1, 1, 2, '{}')`,
    sql`insert into devices (id, public_key, class, labels, claim_id, secret_sha256, enrolled_at_ms)
        values ('cam-1', x'01', 'cam', '{"site":"a","line":"3"}', 'c', '', 1)`,
    sql`insert into releases (release, model, version, document, envelope, published_at_ms)
        values ('r', 'm', '1', '{}', x'01', 1)`,
    sql`insert into deployments (id, "release", model, version, slot, target, created_at_ms)
        values ('d', 'r', 'm', '1', 'main', '{}', 1)`,
    sql`insert into desired_slots (device, slot, "release", model, version, envelope_size, deployment, defer_ms_max)
        values ('cam-1', 'main', 'r', 'm', '1', 9, 'd', 77)`,
  ];
  for (const row of rows) await row.execute(database);

  expect((await migrator.migrateToLatest()).error).toBeUndefined();

  expect(await database.selectFrom("desired_slots").selectAll().execute()).toMatchObject([
    {
      ...{ device: "cam-1", slot: "main", release: "r", model: "m", version: "1" },
      ...{ envelope_size: 9, deployment: "d", defer_ms_max: 77, windows: null },
    },
  ]);
  const labels = database.selectFrom("device_labels").select(["key", "value"]).orderBy("key");
  expect(await labels.execute()).toEqual([
    { key: "line", value: "3" },
    { key: "site", value: "a" },
  ]);
  // A wish may come of a rollout: its id is none of a deployment.
  const change = database.updateTable("desired_slots").set({ deployment: "rollout-1" });
  expect((await change.executeTakeFirst()).numUpdatedRows).toBe(1n);
});
