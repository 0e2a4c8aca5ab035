import { type ApiKeyId, accessLimits, type Grants, type Sha256 } from "@modelfleet/protocol";
import type { Kysely, Selectable } from "kysely";
import type { AuditEntry } from "../../domain/audit/audit-entry.ts";
import type { AccessStore, ApiKeyRecord } from "../../ports/access-store.ts";
import { appendAudit } from "./append-audit.ts";
import type { ApiKeysTable, Schema } from "./schema.ts";

export class SqlAccessStore implements AccessStore {
  readonly #database: Kysely<Schema>;

  constructor(database: Kysely<Schema>) {
    this.#database = database;
  }

  readonly addKey = (key: ApiKeyRecord, entry: AuditEntry): Promise<void> =>
    this.#database.transaction().execute(async (transaction) => {
      await transaction
        .insertInto("api_keys")
        .values({
          id: key.id,
          name: key.name,
          secret_sha256: key.secretSha256,
          grants: JSON.stringify(key.grants),
          created_at_ms: key.createdAtMs,
          created_by: key.createdBy,
          expires_at_ms: key.expiresAtMs,
          revoked_at_ms: key.revokedAtMs,
          last_used_at_ms: key.lastUsedAtMs,
        })
        .execute();
      await appendAudit(transaction, entry);
    });

  readonly key = async (id: ApiKeyId): Promise<ApiKeyRecord | undefined> => {
    const found = this.#database.selectFrom("api_keys").selectAll().where("id", "=", id);
    const row = await found.executeTakeFirst();
    return row && keyOf(row);
  };

  readonly keys = async (): Promise<readonly ApiKeyRecord[]> => {
    const rows = await this.#database
      .selectFrom("api_keys")
      .selectAll()
      .orderBy("created_at_ms", "desc")
      .orderBy("id")
      .limit(accessLimits.keysListedMax)
      .execute();
    return rows.map(keyOf);
  };

  readonly hasKeys = async (): Promise<boolean> => {
    const any = this.#database.selectFrom("api_keys").select("id").limit(1);
    return (await any.executeTakeFirst()) !== undefined;
  };

  readonly usableKeys = async (nowMs: number): Promise<number> => {
    const { count } = await this.#database
      .selectFrom("api_keys")
      .select((column) => column.fn.countAll<number>().as("count"))
      .where("revoked_at_ms", "is", null)
      .where("expires_at_ms", ">", nowMs)
      .executeTakeFirstOrThrow();
    return count;
  };

  readonly revokeKey = (id: ApiKeyId, entry: AuditEntry): Promise<boolean> =>
    this.#database.transaction().execute(async (transaction) => {
      const { numUpdatedRows } = await transaction
        .updateTable("api_keys")
        .set({ revoked_at_ms: entry.atMs })
        .where("id", "=", id)
        .where("revoked_at_ms", "is", null)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) return false;
      await appendAudit(transaction, entry);
      return true;
    });

  readonly keyUsed = async (id: ApiKeyId, atMs: number): Promise<void> => {
    const change = this.#database.updateTable("api_keys").set({ last_used_at_ms: atMs });
    await change.where("id", "=", id).execute();
  };
}

function keyOf(row: Selectable<ApiKeysTable>): ApiKeyRecord {
  return {
    id: row.id,
    name: row.name,
    secretSha256: row.secret_sha256 as Sha256,
    grants: JSON.parse(row.grants) as Grants,
    createdAtMs: row.created_at_ms,
    createdBy: row.created_by,
    expiresAtMs: row.expires_at_ms,
    revokedAtMs: row.revoked_at_ms,
    lastUsedAtMs: row.last_used_at_ms,
  };
}
