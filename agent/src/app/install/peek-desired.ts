import {
  type CheckedDesired,
  checkDesired,
  type DesiredModel,
  needsNonce,
  VerifyError,
} from "@modelfleet/protocol";
import { trustOf } from "../../domain/install/trust-of.ts";
import type { InstallParts } from "./install-parts.ts";

/** The verdict on a document, without doing anything about it. @throws VerifyError */
export function peekDesired(parts: InstallParts, bytes: Uint8Array): CheckedDesired {
  const trust = trustOf(parts.record.current(), parts.root, parts.device);
  const nowMs = parts.clock.nowMs();
  const requireNonce = needsNonce(trust, nowMs);
  return checkDesired(trust, bytes, { nowMs, expectedNonce: parts.nonce(), requireNonce });
}

/** Whether an arrived document takes the place of a waiting one. One that is not to be followed never does. */
export function isNewer(parts: InstallParts, arrived: Uint8Array, waiting: Uint8Array): boolean {
  const held = peekQuietly(parts, waiting);
  if (held === undefined) return true;
  const offered = peekQuietly(parts, arrived);
  return offered !== undefined && offered.desired.seq > held.desired.seq;
}

/** Whether a document asks for other releases than these. */
export function wantsOther(
  parts: InstallParts,
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

function namesOf(models: readonly DesiredModel[]): string {
  return JSON.stringify(models.map(({ slot, release }) => [slot, release]));
}

/** Undefined for one that is not to be followed; the intake says what is wrong with it. */
function peekQuietly(parts: InstallParts, bytes: Uint8Array): CheckedDesired | undefined {
  try {
    return peekDesired(parts, bytes);
  } catch (cause) {
    if (cause instanceof VerifyError) return undefined;
    throw cause;
  }
}
