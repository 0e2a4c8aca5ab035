import { chmod } from "node:fs/promises";
import { Kysely, SqliteDialect, sql } from "kysely";
import { Migrator } from "kysely/migration";
import type { AccessStore } from "../../ports/access-store.ts";
import type { AuditLog } from "../../ports/audit-log.ts";
import type { CertificateStore } from "../../ports/certificate-store.ts";
import type { DeploymentStore } from "../../ports/deployment-store.ts";
import type { AlertStore, DriftStore } from "../../ports/drift-store.ts";
import type { EventStore } from "../../ports/event-store.ts";
import type { FleetFigures } from "../../ports/fleet-figures.ts";
import type { FleetStore } from "../../ports/fleet-store.ts";
import type { MaintenanceStore } from "../../ports/maintenance-store.ts";
import type { ReleaseStore } from "../../ports/release-store.ts";
import type { RolloutStore } from "../../ports/rollout-store.ts";
import type { TelemetryStore } from "../../ports/telemetry-store.ts";
import { GroupCommit } from "./group-commit.ts";
import { migrations } from "./migrations.ts";
import { openNodeSqlite } from "./node-sqlite.ts";
import { runOnDriver } from "./prepared.ts";
import type { Schema } from "./schema.ts";
import { SqlAccessStore } from "./sql-access-store.ts";
import { SqlAuditLog } from "./sql-audit-log.ts";
import { SqlCertificateStore } from "./sql-certificate-store.ts";
import { SqlDeploymentStore } from "./sql-deployment-store.ts";
import { SqlDriftStore } from "./sql-drift-store.ts";
import { SqlEventStore } from "./sql-event-store.ts";
import { SqlFleetFigures } from "./sql-fleet-figures.ts";
import { SqlFleetStore } from "./sql-fleet-store.ts";
import { SqlMaintenanceStore } from "./sql-maintenance-store.ts";
import { SqlReleaseStore } from "./sql-release-store.ts";
import { SqlRolloutStore } from "./sql-rollout-store.ts";
import { SqlTelemetryStore } from "./sql-telemetry-store.ts";

const IN_MEMORY = ":memory:";

export interface Stores extends AsyncDisposable {
  readonly access: AccessStore;
  readonly certificates: CertificateStore;
  readonly events: EventStore;
  readonly figures: FleetFigures;
  readonly fleet: FleetStore;
  readonly releases: ReleaseStore;
  readonly deployments: DeploymentStore;
  readonly rollouts: RolloutStore;
  readonly telemetry: TelemetryStore;
  readonly drift: DriftStore & AlertStore;
  readonly maintenance: MaintenanceStore;
  readonly audit: AuditLog;
  /** Rejects when the database does not answer. */
  readonly ping: () => Promise<void>;
}

/**
 * The stores over one SQLite file, with its schema brought up to date.
 *
 * @param file path, or `:memory:`
 * @throws StoreError when the file cannot be opened, is full, or is another controller's
 */
export async function openDatabase(file: string): Promise<Stores> {
  const driver = openNodeSqlite(file);
  const database = new Kysely<Schema>({ dialect: new SqliteDialect({ database: driver }) });
  // It holds claim secrets: nobody else reads it.
  if (file !== IN_MEMORY) await chmod(file, 0o600);
  await migrate(database);
  runOnDriver(database, driver);
  const commits = new GroupCommit(database);
  return {
    access: new SqlAccessStore(database),
    certificates: new SqlCertificateStore(database),
    events: new SqlEventStore(database, commits),
    figures: new SqlFleetFigures(database),
    fleet: new SqlFleetStore(database, commits),
    releases: new SqlReleaseStore(database),
    deployments: new SqlDeploymentStore(database),
    rollouts: new SqlRolloutStore(database),
    telemetry: new SqlTelemetryStore(database, commits),
    drift: new SqlDriftStore(database),
    maintenance: new SqlMaintenanceStore(database),
    audit: new SqlAuditLog(database, commits),
    ping: async () => {
      await sql`select 1`.execute(database);
    },
    [Symbol.asyncDispose]: () => database.destroy(),
  };
}

async function migrate(database: Kysely<Schema>): Promise<void> {
  const provider = { getMigrations: () => Promise.resolve(migrations) };
  const { error } = await new Migrator({ db: database, provider }).migrateToLatest();
  if (error === undefined) return;
  await database.destroy();
  throw error instanceof Error ? error : new Error("the schema could not be brought up to date");
}
