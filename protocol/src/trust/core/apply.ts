import type { DesiredModel } from "../desired-document.ts";
import type { ReleaseDocument } from "../release-document.ts";
import type { NewDesired } from "./check-desired.ts";
import { floorOf, type TrustState } from "./trust-state.ts";

/** A named model of the desired document with the release that `checkRelease` returned for it. */
export interface CheckedRelease {
  readonly model: DesiredModel;
  readonly document: ReleaseDocument;
}

/**
 * The state after accepting a whole desired document: all of its models or none. Floors are left as they are.
 *
 * @throws RangeError when a model comes without its checked release (a caller's mistake, never input)
 */
export function acceptDesired(
  state: TrustState,
  checked: NewDesired,
  releases: readonly CheckedRelease[],
): TrustState {
  // protocol.md 1.5.6: every release passes, or nothing changes.
  for (const wanted of checked.desired.models) {
    const found = releases.find(({ model }) => model.slot === wanted.slot);
    if (found?.model.release !== wanted.release || found.document.model !== wanted.model) {
      throw new RangeError(`expected a checked release for slot ${wanted.slot}`);
    }
  }
  return {
    ...state,
    seq: checked.desired.seq,
    desiredSha256: checked.sha256,
    timeFloorMs: Math.max(state.timeFloorMs, checked.timeFloorMs),
  };
}

/** The state after a release was confirmed on this device; only that raises a floor. */
export function raiseFloor(state: TrustState, document: ReleaseDocument): TrustState {
  // protocol.md 1.4.6: a floor rises only after confirmation, so a failed trial leaves the way back open.
  const floor = Math.max(floorOf(state, document.model), document.securityVersion);
  return { ...state, floors: { ...state.floors, [document.model]: floor } };
}
