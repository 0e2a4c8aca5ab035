import { CodedError } from "../../errors.ts";

/** Why a signed document or message was refused (protocol.md 1). */
export type VerifyCode =
  | "SIGNATURE"
  | "TYPE"
  | "FORMAT"
  | "SIZE"
  | "DUP_KEYID"
  | "KEYID"
  | "ROOT_INVALID"
  | "ROOT_CHAIN"
  | "FLEET"
  | "DEVICE"
  | "ROLLBACK"
  | "EQUIVOCATION"
  | "EXPIRED"
  | "NOT_FRESH"
  | "DIGEST"
  | "MODEL"
  | "CLASS"
  | "FLOOR"
  | "REVOKED"
  | "ROOT_TOO_OLD";

/** A document is not to be trusted; nothing of it may be applied or stored. */
export class VerifyError extends CodedError<VerifyCode> {}
