import type { Digest8, ModelName, ReleaseVersion, Sha256 } from "@modelfleet/protocol";
import type { Kysely, Selectable } from "kysely";
import type { AuditEntry } from "../../domain/audit/audit-entry.ts";
import type { ApprovalChange, ReleaseRecord, ReleaseStore } from "../../ports/release-store.ts";
import { appendAudit } from "./append-audit.ts";
import { bytesOf } from "./column.ts";
import type { ReleasesTable, Schema } from "./schema.ts";

export class SqlReleaseStore implements ReleaseStore {
  readonly #database: Kysely<Schema>;

  constructor(database: Kysely<Schema>) {
    this.#database = database;
  }

  readonly add = (record: ReleaseRecord, audit: AuditEntry): Promise<ReleaseRecord | undefined> =>
    this.#database.transaction().execute(async (transaction) => {
      const { release, document, envelope, publishedAtMs, approval } = record;
      const { model, version } = document;
      const known = await transaction
        .selectFrom("releases")
        .selectAll()
        .where((where) => where.or([where("release", "=", release), where.and({ model, version })]))
        .executeTakeFirst();
      if (known !== undefined) return recordOf(known);
      await transaction
        .insertInto("releases")
        .values({
          release,
          model,
          version,
          document: JSON.stringify(document),
          envelope,
          published_at_ms: publishedAtMs,
          approval: JSON.stringify(approval),
        })
        .execute();
      await transaction
        .insertInto("release_files")
        .values(document.files.map(({ path, sha256 }) => ({ release, path, sha256 })))
        .execute();
      await appendAudit(transaction, audit);
      return undefined;
    });

  readonly approve = (
    release: Sha256,
    { from, to }: ApprovalChange,
    audit: AuditEntry,
  ): Promise<boolean> =>
    this.#database.transaction().execute(async (transaction) => {
      const { numUpdatedRows } = await transaction
        .updateTable("releases")
        .set({ approval: JSON.stringify(to) })
        .where("release", "=", release)
        .where("approval", "=", JSON.stringify(from))
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return false;
      await appendAudit(transaction, audit);
      return true;
    });

  readonly byDigest = async (release: Sha256): Promise<ReleaseRecord | undefined> => {
    const row = await this.#all().where("release", "=", release).executeTakeFirst();
    return row && recordOf(row);
  };

  readonly byVersion = async (
    model: ModelName,
    version: ReleaseVersion,
  ): Promise<ReleaseRecord | undefined> => {
    const found = this.#all().where("model", "=", model).where("version", "=", version);
    const row = await found.executeTakeFirst();
    return row && recordOf(row);
  };

  readonly byDigest8 = async (short: Digest8): Promise<ReleaseRecord | undefined> => {
    // Hex digits sort before `g`: a range, so that the key's index is used.
    const found = this.#all().where("release", ">=", short).where("release", "<", `${short}g`);
    const [row, second] = await found.limit(2).execute();
    return row !== undefined && second === undefined ? recordOf(row) : undefined;
  };

  readonly list = async (model?: ModelName): Promise<readonly ReleaseRecord[]> => {
    const all = this.#all().orderBy("published_at_ms").orderBy("release");
    const rows = await (model === undefined ? all : all.where("model", "=", model)).execute();
    return rows.map(recordOf);
  };

  readonly modelsWith = async (blob: Sha256): Promise<readonly ModelName[]> => {
    const rows = await this.#database
      .selectFrom("release_files")
      .innerJoin("releases", "releases.release", "release_files.release")
      .select("releases.model")
      .distinct()
      .where("release_files.sha256", "=", blob)
      .execute();
    return rows.map(({ model }) => model as ModelName);
  };

  readonly blobs = async (): Promise<ReadonlySet<Sha256>> => {
    const rows = await this.#database
      .selectFrom("release_files")
      .select("sha256")
      .distinct()
      .execute();
    return new Set(rows.map(({ sha256 }) => sha256 as Sha256));
  };

  #all() {
    return this.#database.selectFrom("releases").selectAll();
  }
}

function recordOf(row: Selectable<ReleasesTable>): ReleaseRecord {
  return {
    release: row.release as Sha256,
    document: JSON.parse(row.document) as ReleaseRecord["document"],
    envelope: bytesOf(row.envelope),
    publishedAtMs: row.published_at_ms,
    approval: JSON.parse(row.approval) as ReleaseRecord["approval"],
  };
}
