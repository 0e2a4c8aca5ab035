/** Rollouts over a real database in memory whose tables a test may read itself. */

import {
  DeviceId,
  type Labels,
  ModelName,
  ReleaseVersion,
  RolloutPlan,
  type Sha256,
  sha256,
} from "@modelfleet/protocol";
import { Kysely, SqliteDialect, sql } from "kysely";
import { Migrator } from "kysely/migration";
import { GroupCommit } from "../../../controller/src/adapters/sql/group-commit.ts";
import { migrations } from "../../../controller/src/adapters/sql/migrations.ts";
import { openNodeSqlite } from "../../../controller/src/adapters/sql/node-sqlite.ts";
import { runOnDriver } from "../../../controller/src/adapters/sql/prepared.ts";
import type { Schema } from "../../../controller/src/adapters/sql/schema.ts";
import { SqlAuditLog } from "../../../controller/src/adapters/sql/sql-audit-log.ts";
import { SqlDeploymentStore } from "../../../controller/src/adapters/sql/sql-deployment-store.ts";
import { SqlFleetStore } from "../../../controller/src/adapters/sql/sql-fleet-store.ts";
import { SqlReleaseStore } from "../../../controller/src/adapters/sql/sql-release-store.ts";
import { SqlRolloutStore } from "../../../controller/src/adapters/sql/sql-rollout-store.ts";
import { freshExecution } from "../../../controller/src/domain/rollout/machine/fresh-execution.ts";
import type { RolloutRecord } from "../../../controller/src/domain/rollout/rollout.ts";
import type { NewExecution } from "../../../controller/src/ports/rollout-store.ts";
import { releaseDocument } from "../trust-fixtures.ts";
import { auditEntry } from "./audit-entry.ts";

export type RolloutTables = Awaited<ReturnType<typeof rolloutTables>>;

export async function rolloutTables() {
  const driver = openNodeSqlite(":memory:");
  const database = new Kysely<Schema>({ dialect: new SqliteDialect({ database: driver }) });
  const provider = { getMigrations: () => Promise.resolve(migrations) };
  const { error } = await new Migrator({ db: database, provider }).migrateToLatest();
  if (error !== undefined) throw new Error("the schema could not be made", { cause: error });
  runOnDriver(database, driver);
  const commits = new GroupCommit(database);
  const stores = {
    audit: new SqlAuditLog(database, commits),
    deployments: new SqlDeploymentStore(database),
    fleet: new SqlFleetStore(database, commits),
    releases: new SqlReleaseStore(database),
    rollouts: new SqlRolloutStore(database),
  };
  await stores.fleet.addClaim(claim, auditEntry());
  return {
    ...stores,
    commits,
    database,
    /** Every row of every table, to see that nothing has changed. */
    dump: () => dump(database),
    [Symbol.asyncDispose]: () => database.destroy(),
  };
}

const claim = {
  ...{ id: "c0ffee00", secret: "s", class: "cam-v2", uses: 1_000_000, used: 0 },
  ...{ createdAtMs: 1, expiresAtMs: 100, labels: {}, device: null },
  ...{ needsApproval: false, revokedAtMs: null },
};

export function deviceName(place: number): DeviceId {
  return DeviceId.parse(`cam-${String(place).padStart(6, "0")}`);
}

/** Active devices `cam-000000` and on. */
export async function addDevices(
  tables: Pick<RolloutTables, "fleet">,
  count: number,
  labelsOf: (place: number) => Labels = () => ({}),
): Promise<readonly DeviceId[]> {
  const names = Array.from({ length: count }, (_, place) => deviceName(place));
  for (const [place, id] of names.entries()) {
    const bytes = Buffer.from(id);
    await tables.fleet.enrol(
      {
        ...{ id, class: "cam-v2", labels: labelsOf(place), claimId: claim.id, atMs: 5 },
        publicKey: new Uint8Array(Buffer.from(sha256(bytes), "hex")),
        messageSha256: sha256(bytes),
        ...{ isForThisName: false, needsApproval: false, secretSha256: sha256(bytes) },
      },
      auditEntry,
    );
  }
  return names;
}

export async function addRelease(
  tables: Pick<RolloutTables, "releases">,
  version: string,
): Promise<Sha256> {
  const release = sha256(Buffer.from(`release ${version}`));
  const taken = await tables.releases.add(
    {
      release,
      document: releaseDocument({ version, createdAt: "2026-11-21T08:00:00Z" }),
      envelope: new Uint8Array(Buffer.from(`envelope ${version}`)),
      publishedAtMs: 7,
      approval: { state: "not-needed" },
    },
    auditEntry(),
  );
  if (taken !== undefined) throw new Error(`version ${version} is taken`);
  return release;
}

export function rolloutRecord(
  release: Sha256,
  changes: Partial<RolloutRecord> = {},
): RolloutRecord {
  return {
    id: "r1",
    version: 0,
    model: ModelName.parse("vision.defects"),
    modelVersion: ReleaseVersion.parse("1.0.0"),
    release,
    plan: RolloutPlan.parse({ stages: [{ size: { percent: 10 } }, { size: { percent: 100 } }] }),
    seed: "ab".repeat(32),
    ...{ state: "validating", paused: null, detail: null, abort: null },
    ...{ approval: { state: "not-needed" }, createdBy: "key:one", scope: {}, createdAtMs: 10 },
    ...{ startAtMs: null, startedAtMs: null, endedAtMs: null, watchUntilMs: null },
    ...{ devices: 0, control: 0 },
    ...changes,
  };
}

export function newExecution(
  device: DeviceId,
  position: number,
  changes: Partial<NewExecution> = {},
): NewExecution {
  return {
    ...{ device, position, stage: 0, isControl: false, group: null, reasons: [] },
    execution: freshExecution(20),
    ...changes,
  };
}

async function dump(database: Kysely<Schema>): Promise<unknown> {
  const tables = await sql<{ name: string }>`
    select name from sqlite_master where type = 'table' order by name`.execute(database);
  const rows: Record<string, unknown> = {};
  for (const { name } of tables.rows) {
    const { rows: all } = await sql`select * from ${sql.table(name)}`.execute(database);
    rows[name] = all;
  }
  return rows;
}
