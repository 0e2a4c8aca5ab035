import type { DeviceId } from "@modelfleet/protocol";
import type { AuditEntry } from "../domain/audit/audit-entry.ts";
import type { RevokedSerial } from "./certificate-authority.ts";

/** Which client certificates were given away. Every method is one transaction; an `audit` is written down in it. */
export interface CertificateStore {
  readonly add: (certificate: CertificateRecord, audit: AuditEntry) => Promise<void>;
  /** The one of this device and key that is good for longest. */
  readonly newest: (
    device: DeviceId,
    publicKey: Uint8Array,
  ) => Promise<CertificateRecord | undefined>;
  /** Those of revoked keys, the last revoked first; an expired one is refused for its age. */
  readonly revoked: (nowMs: number) => Promise<readonly RevokedSerial[]>;
  /** Nobody takes them any more. */
  readonly forgetExpired: (nowMs: number) => Promise<void>;
}

export interface CertificateRecord {
  readonly serial: string;
  readonly device: DeviceId;
  /** Raw Ed25519 public key; 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly pem: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}
