import { certificateLimits, type DeviceId } from "@modelfleet/protocol";
import type { Kysely, Selectable } from "kysely";
import type { AuditEntry } from "../../domain/audit/audit-entry.ts";
import type { RevokedSerial } from "../../ports/certificate-authority.ts";
import type { CertificateRecord, CertificateStore } from "../../ports/certificate-store.ts";
import { appendAudit } from "./append-audit.ts";
import { bytesOf } from "./column.ts";
import type { CertificatesTable, Schema } from "./schema.ts";

export class SqlCertificateStore implements CertificateStore {
  readonly #database: Kysely<Schema>;

  constructor(database: Kysely<Schema>) {
    this.#database = database;
  }

  readonly add = (certificate: CertificateRecord, audit: AuditEntry): Promise<void> =>
    this.#database.transaction().execute(async (transaction) => {
      await transaction
        .insertInto("certificates")
        .values({
          serial: certificate.serial,
          device: certificate.device,
          public_key: certificate.publicKey,
          pem: certificate.pem,
          issued_at_ms: certificate.issuedAtMs,
          expires_at_ms: certificate.expiresAtMs,
        })
        .execute();
      await appendAudit(transaction, audit);
    });

  readonly newest = async (
    device: DeviceId,
    publicKey: Uint8Array,
  ): Promise<CertificateRecord | undefined> => {
    const row = await this.#database
      .selectFrom("certificates")
      .selectAll()
      .where("public_key", "=", publicKey)
      .where("device", "=", device)
      .orderBy("expires_at_ms", "desc")
      .limit(1)
      .executeTakeFirst();
    return row && recordOf(row);
  };

  readonly revoked = async (nowMs: number): Promise<readonly RevokedSerial[]> => {
    const rows = await this.#database
      .selectFrom("certificates")
      .innerJoin("revoked_keys", "revoked_keys.public_key", "certificates.public_key")
      .select(["certificates.serial", "revoked_keys.revoked_at_ms"])
      .where("certificates.expires_at_ms", ">", nowMs)
      .orderBy("revoked_keys.revoked_at_ms", "desc")
      .limit(certificateLimits.revokedMax)
      .execute();
    return rows.map(({ serial, revoked_at_ms }) => ({ serial, revokedAtMs: revoked_at_ms }));
  };

  readonly forgetExpired = async (nowMs: number): Promise<void> => {
    await this.#database.deleteFrom("certificates").where("expires_at_ms", "<=", nowMs).execute();
  };
}

function recordOf(row: Selectable<CertificatesTable>): CertificateRecord {
  return {
    serial: row.serial,
    device: row.device as DeviceId,
    publicKey: bytesOf(row.public_key),
    pem: row.pem,
    issuedAtMs: row.issued_at_ms,
    expiresAtMs: row.expires_at_ms,
  };
}
