import type { ApiKeyId, Grants, Sha256 } from "@modelfleet/protocol";
import type { AuditEntry } from "../domain/audit/audit-entry.ts";

/** API keys. Every method is one transaction; each change comes with what is written down of it. */
export interface AccessStore {
  readonly addKey: (key: ApiKeyRecord, entry: AuditEntry) => Promise<void>;
  readonly key: (id: ApiKeyId) => Promise<ApiKeyRecord | undefined>;
  /** Newest first, at most `accessLimits.keysListedMax`. */
  readonly keys: () => Promise<readonly ApiKeyRecord[]>;
  /** Whether there was ever a key, also one that is revoked. */
  readonly hasKeys: () => Promise<boolean>;
  /** Neither revoked nor expired. */
  readonly usableKeys: (nowMs: number) => Promise<number>;
  /** @returns false when it was revoked before; then nothing has changed */
  readonly revokeKey: (id: ApiKeyId, entry: AuditEntry) => Promise<boolean>;
  readonly keyUsed: (id: ApiKeyId, atMs: number) => Promise<void>;
}

export interface ApiKeyRecord {
  readonly id: ApiKeyId;
  readonly name: string;
  readonly secretSha256: Sha256;
  readonly grants: Grants;
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly expiresAtMs: number;
  readonly revokedAtMs: number | null;
  readonly lastUsedAtMs: number | null;
}
