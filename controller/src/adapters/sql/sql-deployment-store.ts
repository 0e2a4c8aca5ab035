import {
  controllerLimits,
  type DeviceId,
  type ModelName,
  type RefusalCode,
  type ReleaseVersion,
  type ReportStep,
  type Sha256,
  type SlotName,
} from "@modelfleet/protocol";
import type { Kysely, Selectable, Transaction } from "kysely";
import type { Principal } from "../../domain/access/principal.ts";
import type { AuditEntry } from "../../domain/audit/audit-entry.ts";
import type {
  ApprovedOrder,
  Assignment,
  DeploymentRecord,
  DeploymentStore,
  ExecutionRecord,
  StoredDeployment,
} from "../../ports/deployment-store.ts";
import { appendAudit } from "./append-audit.ts";
import { Moved, unlessMoved } from "./moved.ts";
import { replaceDesired } from "./replace-desired.ts";
import { ExecutionChanges } from "./rollout/execution-changes.ts";
import { supersede } from "./rollout/supersede.ts";
import { rowsBy } from "./rows-by.ts";
import type { DeploymentsTable, ExecutionsTable, Schema } from "./schema.ts";
import { setWish } from "./set-wish.ts";

export class SqlDeploymentStore implements DeploymentStore {
  readonly #database: Kysely<Schema>;

  constructor(database: Kysely<Schema>) {
    this.#database = database;
  }

  readonly add = async (
    deployment: DeploymentRecord,
    assignments: readonly Assignment[],
    audit: AuditEntry,
  ): Promise<boolean> => {
    return unlessMoved(this.#database, async (transaction) => {
      await insert(transaction, deployment);
      await order(transaction, { deployment, assignments, audit });
      await appendAudit(transaction, audit);
    });
  };

  readonly approve = async (
    { from, deployment, assignments }: ApprovedOrder,
    audit: AuditEntry,
  ): Promise<boolean> => {
    return unlessMoved(this.#database, async (transaction) => {
      const { numUpdatedRows } = await transaction
        .updateTable("deployments")
        .set({ approval: JSON.stringify(deployment.approval) })
        .where("id", "=", deployment.id)
        .where("approval", "=", JSON.stringify(from))
        .executeTakeFirst();
      if (numUpdatedRows === 0n) throw new Moved("approval");
      await order(transaction, { deployment, assignments, audit });
      await appendAudit(transaction, audit);
    });
  };

  readonly byId = async (id: string): Promise<StoredDeployment | undefined> => {
    const row = await this.#database
      .selectFrom("deployments")
      .selectAll()
      .where("id", "=", id)
      .executeTakeFirst();
    if (row === undefined) return undefined;
    const [stored] = await this.#withDevices([row]);
    return stored;
  };

  readonly assignedAmong = async (
    device: DeviceId,
    releases: readonly Sha256[],
  ): Promise<ReadonlySet<Sha256>> => {
    if (releases.length === 0) return new Set();
    const rows = await this.#database
      .selectFrom("executions")
      .select("release")
      .distinct()
      .where("device", "=", device)
      .where("release", "in", releases)
      .where("seq", "is not", null)
      .execute();
    const rolledOut = await this.#database
      .selectFrom("rollout_executions as e")
      .innerJoin("rollouts as r", "r.id", "e.rollout")
      .select("r.release")
      .distinct()
      .where("e.device", "=", device)
      .where("r.release", "in", releases)
      .where("e.seq", "is not", null)
      .execute();
    return new Set([...rows, ...rolledOut].map(({ release }) => release as Sha256));
  };

  readonly list = async (count: number): Promise<readonly StoredDeployment[]> => {
    const rows = await this.#database
      .selectFrom("deployments")
      .selectAll()
      .orderBy("created_at_ms", "desc")
      .orderBy("id")
      .limit(count)
      .execute();
    return this.#withDevices(rows);
  };

  async #withDevices(rows: readonly Selectable<DeploymentsTable>[]): Promise<StoredDeployment[]> {
    if (rows.length === 0) return [];
    const ids = rows.map(({ id }) => id);
    const executions = await this.#database
      .selectFrom("executions")
      .selectAll()
      .where("deployment", "in", ids)
      .orderBy("device")
      .execute();
    const byDeployment = rowsBy(executions, ({ deployment }) => deployment);
    return rows.map((row) => deploymentOf(row, byDeployment.get(row.id) ?? []));
  }
}

async function insert(transaction: Transaction<Schema>, deployment: DeploymentRecord) {
  const { id, release, model, version, slot, target, createdAtMs } = deployment;
  await transaction
    .insertInto("deployments")
    .values({
      id,
      release,
      model,
      version,
      slot,
      target: JSON.stringify(target),
      defer_ms_max: deployment.deferMsMax ?? null,
      created_at_ms: createdAtMs,
      approval: JSON.stringify(deployment.approval),
      requester: deployment.requester && JSON.stringify(deployment.requester),
    })
    .execute();
}

async function order(
  transaction: Transaction<Schema>,
  { deployment, assignments, audit }: OrderedDeployment,
): Promise<void> {
  const { id, slot, release, ineligible } = deployment;
  const common = { deployment: id, slot, release };
  const rows = [
    ...ineligible.map(({ device, reasons }) => ({
      ...common,
      device,
      seq: null,
      reasons: JSON.stringify(reasons),
    })),
    ...assignments.map(({ device, seq }) => ({ ...common, device, seq, reasons: "[]" })),
  ];
  for (let from = 0; from < rows.length; from += controllerLimits.rowsPerInsertMax) {
    const slice = rows.slice(from, from + controllerLimits.rowsPerInsertMax);
    await transaction.insertInto("executions").values(slice).execute();
  }
  const changes = new ExecutionChanges(transaction);
  for (const assignment of assignments) await assign(transaction, changes, { assignment, audit });
  await changes.write();
}

interface OrderedDeployment {
  readonly deployment: DeploymentRecord;
  readonly assignments: readonly Assignment[];
  readonly audit: AuditEntry;
}

/** What a person wants of a slot ends what rollouts still mean to do there. */
async function assign(
  transaction: Transaction<Schema>,
  changes: ExecutionChanges,
  { assignment, audit }: { readonly assignment: Assignment; readonly audit: AuditEntry },
): Promise<void> {
  const { device, entry } = assignment;
  const { slot, deployment } = entry;
  if (!(await replaceDesired(transaction, device, assignment))) throw new Moved(device);
  const { atMs, actor } = audit;
  await supersede(transaction, changes, {
    ...{ device, slot, by: deployment, priority: null, atMs, actor },
  });
  await setWish(transaction, changes, { device, slot, entry });
}

function deploymentOf(
  row: Selectable<DeploymentsTable>,
  executions: readonly Selectable<ExecutionsTable>[],
): StoredDeployment {
  return {
    id: row.id,
    release: row.release as Sha256,
    model: row.model as ModelName,
    version: row.version as ReleaseVersion,
    slot: row.slot as SlotName,
    target: JSON.parse(row.target) as StoredDeployment["target"],
    ...(row.defer_ms_max === null ? {} : { deferMsMax: row.defer_ms_max }),
    createdAtMs: row.created_at_ms,
    approval: JSON.parse(row.approval) as StoredDeployment["approval"],
    requester: row.requester === null ? null : (JSON.parse(row.requester) as Principal),
    devices: executions.map(executionOf),
  };
}

function executionOf(row: Selectable<ExecutionsTable>): ExecutionRecord {
  return {
    device: row.device as DeviceId,
    seq: row.seq,
    reasons: JSON.parse(row.reasons) as ExecutionRecord["reasons"],
    step: row.step as ReportStep | null,
    code: row.code as RefusalCode | null,
    detail: row.detail,
  };
}
