import type { Sha256, VerifyCode } from "@modelfleet/protocol";

/** A root or desired document that was refused; the digest is that of its envelope. */
export interface RefusedDocument {
  readonly code: VerifyCode;
  readonly sha256: Sha256;
}
