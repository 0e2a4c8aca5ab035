import type { Sha256 } from "../../units.ts";
import { DesiredDocument } from "../desired-document.ts";
import { openEnvelope } from "./open-envelope.ts";
import { parsePayload } from "./payload.ts";
import { payloadTypes } from "./payload-types.ts";
import { roleOf } from "./role-keys.ts";
import type { TrustState } from "./trust-state.ts";
import { VerifyError } from "./verify-error.ts";
import { type Verifier, verifySignature } from "./verify-signature.ts";

/** What the device knows at the moment a `desired` arrives. */
export interface DesiredContext {
  readonly nowMs: number;
  /** Nonce of the device's own unanswered hello. */
  readonly expectedNonce: string | null;
  /** Lost state, first boot or an implausible clock: see `needsNonce`. */
  readonly requireNonce: boolean;
}

/** A desired document that may be followed once its releases pass `checkRelease`. */
export interface NewDesired {
  readonly kind: "new";
  readonly desired: DesiredDocument;
  readonly sha256: Sha256;
  /** The time floor once this document is accepted. */
  readonly timeFloorMs: number;
}

/** New, or the very one accepted last (protocol.md 1.5.5). */
export type CheckedDesired =
  | NewDesired
  | { readonly kind: "same"; readonly desired: DesiredDocument };

/**
 * Whether a device may act on a `desired` document (protocol.md 1.5). Its releases are checked by `checkRelease`.
 *
 * @throws VerifyError SIGNATURE, FORMAT, FLEET, DEVICE, ROOT_TOO_OLD, ROLLBACK, EQUIVOCATION, NOT_FRESH, EXPIRED …
 */
export function checkDesired(
  state: TrustState,
  bytes: Uint8Array,
  context: DesiredContext,
  verify: Verifier = verifySignature,
): CheckedDesired {
  const opened = openEnvelope(bytes, payloadTypes.desired, roleOf(state.root, "online"), verify);
  const desired = parseDesired(opened.payload);
  checkAddressee(state, desired);
  // protocol.md 1.5.5: the same bytes again are no news and no fault.
  if (opened.sha256 === state.desiredSha256) {
    return { kind: "same", desired };
  }
  checkSeq(state, desired);
  checkTime(state, desired, context);
  const timeFloorMs = Math.max(state.timeFloorMs, Date.parse(desired.issuedAt));
  return { kind: "new", desired, sha256: opened.sha256, timeFloorMs };
}

function parseDesired(payload: Uint8Array): DesiredDocument {
  const desired = parsePayload(DesiredDocument, payload);
  // protocol.md 1.5.2: issued before it expires.
  if (Date.parse(desired.issuedAt) >= Date.parse(desired.expires)) {
    throw new VerifyError("FORMAT", "expires: expected a moment after issuedAt");
  }
  // protocol.md 1.5.2: a slot is named at most once.
  if (new Set(desired.models.map(({ slot }) => slot)).size !== desired.models.length) {
    throw new VerifyError("FORMAT", "models: expected each slot once");
  }
  return desired;
}

function checkAddressee({ root, device }: TrustState, desired: DesiredDocument): void {
  // protocol.md 1.5.3: only this device of this fleet.
  if (desired.fleet !== root.document.fleet) {
    throw new VerifyError("FLEET", `expected fleet ${root.document.fleet}, got ${desired.fleet}`);
  }
  if (desired.device !== device) {
    throw new VerifyError("DEVICE", `expected device ${device}, got ${desired.device}`);
  }
  // protocol.md 1.5.4: the root it was written under comes first.
  if (desired.rootVersion > root.document.version) {
    const got = `got ${desired.rootVersion}; fetch the newer root first`;
    throw new VerifyError("ROOT_TOO_OLD", `expected root ≤ ${root.document.version}, ${got}`);
  }
}

function checkSeq(state: TrustState, desired: DesiredDocument): void {
  if (desired.seq > state.seq) return;
  // protocol.md 1.5.5: two contents under one number mean that somebody signs twice.
  if (desired.seq === state.seq && state.desiredSha256 !== null) {
    throw new VerifyError("EQUIVOCATION", `expected seq > ${state.seq}, got it with other bytes`);
  }
  // protocol.md 1.5.5: a lower number is an old document.
  throw new VerifyError("ROLLBACK", `expected seq > ${state.seq}, got ${desired.seq}`);
}

function checkTime(state: TrustState, desired: DesiredDocument, context: DesiredContext): void {
  const { nonce } = desired;
  const isFresh = nonce !== undefined && nonce === context.expectedNonce;
  // protocol.md 1.6.4: without a clock or a memory to trust, only an answer to our own nonce is news.
  if (context.requireNonce && !isFresh) {
    throw new VerifyError("NOT_FRESH", "expected the nonce of this device's hello; say hello");
  }
  // protocol.md 1.6.2, 1.6.3: the later of clock and floor; a nonce-fresh document brings its own time.
  const nowMs = isFresh ? Date.parse(desired.issuedAt) : Math.max(context.nowMs, state.timeFloorMs);
  checkExpiry("desired", desired.expires, nowMs);
  checkExpiry("root", state.root.document.expires, nowMs);
}

function checkExpiry(kind: string, expires: string, nowMs: number): void {
  // protocol.md 1.6.1: expiry stops what is new; what runs goes on.
  if (Date.parse(expires) > nowMs) return;
  throw new VerifyError("EXPIRED", `expected a ${kind} valid now, got one that ended ${expires}`);
}
