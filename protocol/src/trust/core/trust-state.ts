import { documentLimits } from "../../limits.ts";
import type { DeviceId, ModelName, Sha256 } from "../../units.ts";
import type { VerifiedRoot } from "./role-keys.ts";

/** All a device must remember to trust the next document. */
export interface TrustState {
  readonly root: VerifiedRoot;
  readonly device: DeviceId;
  /** Of the newest accepted `desired`; 0 before the first. */
  readonly seq: number;
  /** Payload digest of the newest accepted `desired`; null before the first. */
  readonly desiredSha256: Sha256 | null;
  /** It is not earlier than this: the newest `issuedAt` of accepted documents. */
  readonly timeFloorMs: number;
  /** Lowest acceptable `securityVersion` by model; absent is 0. */
  readonly floors: Readonly<Record<string, number>>;
}

/** Lowest acceptable `securityVersion` of a model. */
export function floorOf(state: TrustState, model: ModelName): number {
  const floors = new Map(Object.entries(state.floors));
  return floors.get(model) ?? 0;
}

/** The state of a device that trusts a root and has accepted nothing yet. */
export function initialTrustState(
  root: VerifiedRoot,
  device: DeviceId,
  builtAtMs: number,
): TrustState {
  const timeFloorMs = Math.max(builtAtMs, Date.parse(root.document.issuedAt));
  return { root, device, seq: 0, desiredSha256: null, timeFloorMs, floors: {} };
}

/**
 * Whether only a nonce-fresh `desired` may be accepted: first boot, lost state, or a clock nobody should believe.
 */
export function needsNonce(state: TrustState, nowMs: number): boolean {
  // protocol.md 1.6.4: a wiped or long-offline device cannot be fed an old document.
  const { clockBehindMsMax, clockAheadMsMax } = documentLimits;
  return (
    state.desiredSha256 === null ||
    nowMs < state.timeFloorMs - clockBehindMsMax ||
    nowMs > state.timeFloorMs + clockAheadMsMax
  );
}
