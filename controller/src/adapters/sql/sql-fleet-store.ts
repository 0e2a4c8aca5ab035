import { claimLimits, type DeviceId, type Sha256 } from "@modelfleet/protocol";
import type { Kysely } from "kysely";
import type { AuditEntry } from "../../domain/audit/audit-entry.ts";
import type { CohortKey } from "../../domain/drift/cohort-key.ts";
import type {
  Admitted,
  ClaimRecord,
  DesiredReplacement,
  DeviceRecord,
  EnrolmentRecord,
  EnrolOutcome,
  FleetStore,
  HelloRecord,
  LabelChange,
  PresenceRecord,
  ReportOutcome,
  ReportRecord,
  SenderRecord,
  TimedReportItem,
} from "../../ports/fleet-store.ts";
import { appendAudit } from "./append-audit.ts";
import { writeLabels } from "./device-labels.ts";
import { claimOf, claimRow, deviceOf } from "./device-row.ts";
import { enrol, NO_SECRET } from "./enrol.ts";
import { hasCohort, someCohorts } from "./fleet-cohorts.ts";
import type { GroupCommit } from "./group-commit.ts";
import { recordHello } from "./record-hello.ts";
import { recordReport } from "./record-report.ts";
import { replaceDesired } from "./replace-desired.ts";
import { approveDevice, revokeDevice } from "./revoke-device.ts";
import { rowsBy } from "./rows-by.ts";
import type { Schema } from "./schema.ts";
import { senderOf } from "./sender-of.ts";

export class SqlFleetStore implements FleetStore {
  readonly #database: Kysely<Schema>;
  readonly #commits: GroupCommit;

  constructor(database: Kysely<Schema>, commits: GroupCommit) {
    this.#database = database;
    this.#commits = commits;
  }

  readonly addClaim = (claim: ClaimRecord, audit: AuditEntry): Promise<void> =>
    this.#database.transaction().execute(async (transaction) => {
      await transaction.insertInto("claims").values(claimRow(claim)).execute();
      await appendAudit(transaction, audit);
    });

  readonly revokeClaim = (id: string, audit: AuditEntry): Promise<boolean> =>
    this.#database.transaction().execute(async (transaction) => {
      const { numUpdatedRows } = await transaction
        .updateTable("claims")
        .set({ revoked_at_ms: audit.atMs })
        .where("id", "=", id)
        .where("revoked_at_ms", "is", null)
        .executeTakeFirst();
      if (numUpdatedRows !== 1n) return false;
      await appendAudit(transaction, audit);
      return true;
    });

  readonly claim = async (id: string): Promise<ClaimRecord | undefined> => {
    const found = this.#database.selectFrom("claims").selectAll().where("id", "=", id);
    const row = await found.executeTakeFirst();
    return row && claimOf(row);
  };

  readonly claims = async (): Promise<readonly ClaimRecord[]> => {
    const found = this.#database.selectFrom("claims").selectAll();
    const rows = await found
      .orderBy("created_at_ms", "desc")
      .orderBy("id")
      .limit(claimLimits.listedMax)
      .execute();
    return rows.map(claimOf);
  };

  readonly forgetClaimSecrets = (
    expiredBeforeMs: number,
    audit: (claims: readonly string[]) => AuditEntry,
  ): Promise<void> =>
    this.#database.transaction().execute(async (transaction) => {
      const forgotten = await transaction
        .updateTable("claims")
        .set({ secret: null })
        .where("expires_at_ms", "<", expiredBeforeMs)
        .where("secret", "is not", null)
        .returning("id")
        .execute();
      if (forgotten.length === 0) return;
      const ids = forgotten.map(({ id }) => id);
      const over = transaction.selectFrom("claims").select("id").where("secret", "is", null);
      await transaction.deleteFrom("claim_messages").where("claim_id", "in", over).execute();
      await appendAudit(transaction, audit(ids));
    });

  readonly enrol = (
    enrolment: EnrolmentRecord,
    audit: (outcome: Admitted) => AuditEntry,
  ): Promise<EnrolOutcome> =>
    this.#database.transaction().execute((transaction) => enrol(transaction, enrolment, audit));

  readonly approveDevice = (
    id: DeviceId,
    publicKey: Uint8Array,
    audit: AuditEntry,
  ): Promise<boolean> =>
    this.#database
      .transaction()
      .execute((transaction) => approveDevice(transaction, { id, publicKey, audit }));

  readonly revokeDevice = (
    id: DeviceId,
    reason: string | null,
    audit: AuditEntry,
  ): Promise<boolean> =>
    this.#database
      .transaction()
      .execute((transaction) => revokeDevice(transaction, { id, reason, audit }));

  readonly device = async (id: DeviceId): Promise<DeviceRecord | undefined> => {
    const row = await this.#devices().where("id", "=", id).executeTakeFirst();
    if (row === undefined) return undefined;
    const slots = await this.#slots().where("device", "=", id).execute();
    return deviceOf(row, slots);
  };

  readonly sender = (id: DeviceId): Promise<SenderRecord | undefined> =>
    senderOf(this.#database, id);

  readonly deviceByKey = async (publicKey: Uint8Array): Promise<DeviceRecord | undefined> => {
    const found = this.#database.selectFrom("devices").select("id");
    const row = await found.where("public_key", "=", publicKey).executeTakeFirst();
    return row && this.device(row.id as DeviceId);
  };

  readonly devices = async (): Promise<readonly DeviceRecord[]> => {
    const rows = await this.#devices().orderBy("id").execute();
    const slots = rowsBy(await this.#slots().execute(), ({ device }) => device);
    return rows.map((row) => deviceOf(row, slots.get(row.id) ?? []));
  };

  readonly devicesFrom = async (
    after: DeviceId | null,
    count: number,
  ): Promise<readonly DeviceRecord[]> => {
    const rows = await this.#devices()
      .where("id", ">", after ?? "")
      .orderBy("id")
      .limit(count)
      .execute();
    const [first, last] = [rows[0], rows.at(-1)];
    if (first === undefined || last === undefined) return [];
    const within = this.#slots().where("device", ">=", first.id).where("device", "<=", last.id);
    const slots = rowsBy(await within.execute(), ({ device }) => device);
    return rows.map((row) => deviceOf(row, slots.get(row.id) ?? []));
  };

  readonly hasCohort = (cohort: CohortKey): Promise<boolean> => hasCohort(this.#database, cohort);

  readonly someCohorts = (countMax: number): Promise<readonly CohortKey[]> =>
    someCohorts(this.#database, countMax);

  readonly secretOf = async (id: DeviceId): Promise<Sha256 | undefined> => {
    const found = this.#database.selectFrom("devices").select("secret_sha256");
    const row = await found.where("id", "=", id).executeTakeFirst();
    return row === undefined || row.secret_sha256 === NO_SECRET
      ? undefined
      : (row.secret_sha256 as Sha256);
  };

  readonly setLabels = (
    id: DeviceId,
    { before, after }: LabelChange,
    audit: AuditEntry,
  ): Promise<boolean> =>
    this.#database.transaction().execute(async (transaction) => {
      const { numUpdatedRows } = await transaction
        .updateTable("devices")
        .set({ labels: JSON.stringify(after) })
        .where("id", "=", id)
        .where("labels", "=", JSON.stringify(before))
        .executeTakeFirst();
      if (numUpdatedRows !== 1n) return false;
      await writeLabels(transaction, id, after);
      await appendAudit(transaction, audit);
      return true;
    });

  readonly setPresence = async (id: DeviceId, presence: PresenceRecord): Promise<void> => {
    const { boot, online, atMs } = presence;
    const change = this.#database
      .updateTable("devices")
      .set({ online: online ? 1 : 0, presence_boot: boot, last_seen_at_ms: atMs })
      .where("id", "=", id)
      .where("state", "=", "active");
    // mqtt.md 2: the will of a connection before this one arrives late and means nothing.
    await (online ? change : change.where("presence_boot", "<=", boot)).execute();
  };

  readonly allOffline = async (): Promise<void> => {
    await this.#database
      .updateTable("devices")
      .set({ online: 0 })
      .where("online", "=", 1)
      .execute();
  };

  readonly recordHello = (id: DeviceId, hello: HelloRecord): Promise<readonly string[]> =>
    this.#commits.run((transaction) => recordHello(transaction, id, hello));

  readonly recordReport = (id: DeviceId, report: ReportRecord): Promise<ReportOutcome> =>
    this.#commits.run((transaction) => recordReport(transaction, id, report));

  readonly recentItems = async (id: DeviceId): Promise<readonly TimedReportItem[]> => {
    const found = this.#database.selectFrom("report_items").selectAll().where("device", "=", id);
    return (await found.orderBy("place").execute()).map(itemOf);
  };

  readonly allRecentItems = async (): Promise<
    ReadonlyMap<DeviceId, readonly TimedReportItem[]>
  > => {
    const rows = await this.#database
      .selectFrom("report_items")
      .selectAll()
      .orderBy("device")
      .orderBy("place")
      .execute();
    const byDevice = rowsBy(rows, ({ device }) => device as DeviceId);
    return new Map([...byDevice].map(([device, items]) => [device, items.map(itemOf)]));
  };

  readonly replaceDesired = (id: DeviceId, next: DesiredReplacement): Promise<boolean> =>
    replaceDesired(this.#database, id, next);

  #devices() {
    return this.#database.selectFrom("devices").selectAll();
  }

  #slots() {
    return this.#database.selectFrom("desired_slots").selectAll().orderBy("slot");
  }
}

function itemOf(row: { readonly item: string; readonly at_ms: number }): TimedReportItem {
  return { ...(JSON.parse(row.item) as TimedReportItem), atMs: row.at_ms };
}
