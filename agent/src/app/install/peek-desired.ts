import {
  type CheckedDesired,
  checkDesired,
  type DesiredModel,
  needsNonce,
  sha256,
  type Verifier,
  type VerifyCode,
  VerifyError,
  verifySignatureNative,
} from "@modelfleet/protocol";
import type { InstallParts } from "./install-parts.ts";

export type Peeking = Pick<InstallParts, "record" | "clock" | "nonces">;

export interface Peeked {
  readonly checked: CheckedDesired;
  /** The nonce of this device's hello that the document answers; null when it answers none. */
  readonly answers: string | null;
}

/**
 * The verdict on a document, without doing anything about it. @throws VerifyError
 *
 * @param verify that of the trust core when absent: what is followed is judged by it. Whoever only sorts what arrives takes
 *   `quickly`, else every message of a backlog would keep requests waiting (case F63)
 */
export function peekDesired(parts: Peeking, bytes: Uint8Array, verify?: Verifier): Peeked {
  const nonces = parts.nonces();
  const judging = { ...parts, verify: verify ?? parts.record.verify };
  const checked = checkAnyNonce(judging, bytes, nonces);
  const answers = nonces.find((nonce) => nonce === checked.desired.nonce) ?? null;
  // It may have passed as an answer to none: as the answer that it is, its own time counts (protocol.md 1.6.3).
  const isJudged = answers === null || answers === nonces[0];
  return { checked: isJudged ? checked : checkAs(judging, bytes, answers), answers };
}

type Judging = Peeking & { readonly verify: Verifier | undefined };

/** By node:crypto, some 50 times faster; a differential test holds it together with the trust core's. */
function quickly({ record }: Peeking): Verifier {
  return record.verify ?? verifySignatureNative;
}

/** There are two nonces only while a hello was carried away; then its answer is tried with each. */
function checkAnyNonce(
  parts: Judging,
  bytes: Uint8Array,
  [nonce, ...others]: readonly string[],
): CheckedDesired {
  try {
    return checkAs(parts, bytes, nonce ?? null);
  } catch (cause) {
    const mayBeOther =
      cause instanceof VerifyError && ["NOT_FRESH", "EXPIRED"].includes(cause.code);
    if (!mayBeOther || others.length === 0) throw cause;
    return checkAnyNonce(parts, bytes, others);
  }
}

/** As an answer to the hello with this nonce, if it is one. */
function checkAs(
  { record, clock, verify }: Judging,
  bytes: Uint8Array,
  expectedNonce: string | null,
): CheckedDesired {
  const trust = record.trust();
  const nowMs = clock.nowMs();
  const requireNonce = needsNonce(trust, nowMs);
  return checkDesired(trust, bytes, { nowMs, expectedNonce, requireNonce }, verify);
}

/** Whether an arrived document takes the place of a waiting one. One that is not to be followed never does. */
export function isNewer(parts: Peeking, arrived: Uint8Array, waiting: Uint8Array): boolean {
  const held = peekQuietly(parts, waiting);
  if (held === undefined) return true;
  const offered = peekQuietly(parts, arrived);
  return offered !== undefined && offered.desired.seq > held.desired.seq;
}

/** Whether a document asks for other releases than these. */
export function wantsOther(
  parts: Peeking,
  bytes: Uint8Array,
  wanted: readonly DesiredModel[],
): boolean {
  const checked = peekQuietly(parts, bytes);
  return checked?.kind === "new" && !namesSame(checked.desired.models, wanted);
}

/** Whether both name the same releases for the same slots. */
export function namesSame(left: readonly DesiredModel[], right: readonly DesiredModel[]): boolean {
  return namesOf(left) === namesOf(right);
}

/**
 * The number of a new document against which nothing stands but that no other was accepted before (protocol.md 1.6.4);
 * undefined when something else does.
 */
export function seqButForNonce(parts: Peeking, bytes: Uint8Array): number | undefined {
  const { record, clock } = parts;
  const verify = quickly(parts);
  const trust = record.trust();
  const nowMs = clock.nowMs();
  const remembering = { ...trust, desiredSha256: sha256(bytes) };
  try {
    const requireNonce = needsNonce(remembering, nowMs);
    const context = { nowMs, expectedNonce: null, requireNonce };
    return checkDesired(trust, bytes, context, verify).desired.seq;
  } catch (cause) {
    if (cause instanceof VerifyError) return undefined;
    throw cause;
  }
}

/** Why a document is not to be followed; undefined when it is. */
export function refusalOf(parts: Peeking, bytes: Uint8Array): VerifyCode | undefined {
  try {
    peekDesired(parts, bytes, quickly(parts));
    return undefined;
  } catch (cause) {
    if (cause instanceof VerifyError) return cause.code;
    throw cause;
  }
}

function namesOf(models: readonly DesiredModel[]): string {
  return JSON.stringify(models.map(({ slot, release }) => [slot, release]));
}

/** Undefined for one that is not to be followed; the intake says what is wrong with it. */
function peekQuietly(parts: Peeking, bytes: Uint8Array): CheckedDesired | undefined {
  try {
    return peekDesired(parts, bytes, quickly(parts)).checked;
  } catch (cause) {
    if (cause instanceof VerifyError) return undefined;
    throw cause;
  }
}
