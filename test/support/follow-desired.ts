/**
 * What an agent does with a desired document and its releases, without disk, wire or clock.
 *
 * - `followDesired(state, offered)`: the state after it; throws what the core throws. `offered.releases` are envelopes by
 *   the digest of their payload.
 */
import {
  acceptDesired,
  checkDesired,
  checkRelease,
  floorOf,
  needsNonce,
  type Sha256,
  type TrustState,
  verifySignatureNative,
} from "@modelfleet/protocol";
import { fixtureTimes } from "./trust-fixtures.ts";

export interface Offered {
  readonly desired: Uint8Array;
  readonly releases: readonly { readonly bytes: Uint8Array; readonly sha256: Sha256 }[];
  readonly nowMs?: number;
  /** Of the device's own unanswered hello. */
  readonly nonce?: string;
}

export function followDesired(state: TrustState, offered: Offered): TrustState {
  const { nowMs = fixtureTimes.nowMs, nonce = null } = offered;
  const context = { nowMs, expectedNonce: nonce, requireNonce: needsNonce(state, nowMs) };
  const checked = checkDesired(state, offered.desired, context, verifySignatureNative);
  if (checked.kind === "same") return state;
  const releases = checked.desired.models.map((model) => {
    const bytes = offered.releases.find(({ sha256 }) => sha256 === model.release)?.bytes;
    if (bytes === undefined) throw new Error(`expected release ${model.release} to be offered`);
    const floor = floorOf(state, model.model);
    const expected = { ...model, deviceClass: "cam-v2", floor };
    return { model, document: checkRelease(state.root, bytes, expected, verifySignatureNative) };
  });
  return acceptDesired(state, checked, releases);
}
