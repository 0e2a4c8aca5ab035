import type { RoleKeys } from "./open-envelope.ts";
import { findReleaseRole, roleOf, type VerifiedRoot } from "./role-keys.ts";
import type { TrustState } from "./trust-state.ts";

/**
 * The state after one accepted step of rotation (`acceptNextRoot`), to be stored before the next step is tried.
 * Counters belong to the keys that counted: they start again only when none of those keys is left.
 */
export function adoptRoot(state: TrustState, root: VerifiedRoot): TrustState {
  const floors = keptFloors(state, root);
  const issuedAtMs = Date.parse(root.document.issuedAt);
  // protocol.md 1.3.9: one shared online key is enough to keep the counters, or replay would be open.
  if (sharesKey(roleOf(state.root, "online"), roleOf(root, "online"))) {
    // protocol.md 1.6.2: a root is an accepted document, so it is not earlier than its issuedAt.
    return { ...state, root, floors, timeFloorMs: Math.max(state.timeFloorMs, issuedAtMs) };
  }
  // protocol.md 1.3.9: whoever stole the old online keys may have counted to the end, in numbers and in time.
  return { ...state, root, floors, seq: 0, desiredSha256: null, timeFloorMs: issuedAtMs };
}

function keptFloors(state: TrustState, root: VerifiedRoot): Record<string, number> {
  const kept = Object.entries(state.floors).filter(([model]) => {
    const [before, after] = [findReleaseRole(state.root, model), findReleaseRole(root, model)];
    // protocol.md 1.3.9: no old release verifies any more, so there is nothing left to roll back to.
    return before === undefined || after === undefined || sharesKey(before, after);
  });
  return Object.fromEntries(kept);
}

function sharesKey(left: RoleKeys, right: RoleKeys): boolean {
  return [...left.keys.keys()].some((keyid) => right.keys.has(keyid));
}
