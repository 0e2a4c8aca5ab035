import { ModelName } from "../../units.ts";
import { releaseRoleOf, roleOf, type VerifiedRoot } from "./load-root.ts";
import type { RoleKeys } from "./open-envelope.ts";
import type { TrustState } from "./trust-state.ts";
import { VerifyError } from "./verify-error.ts";

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
  const kept = Object.entries(state.floors).filter(([name]) => {
    const model = ModelName.parse(name);
    const [before, after] = [state.root, root].map((one) => roleOrNone(one, model));
    // protocol.md 1.3.9: no old release verifies any more, so there is nothing left to roll back to.
    return before === undefined || after === undefined || sharesKey(before, after);
  });
  return Object.fromEntries(kept);
}

function sharesKey(left: RoleKeys, right: RoleKeys): boolean {
  return [...left.keys.keys()].some((keyid) => right.keys.has(keyid));
}

function roleOrNone(root: VerifiedRoot, model: ModelName): RoleKeys | undefined {
  try {
    return releaseRoleOf(root, model);
  } catch (error) {
    if (error instanceof VerifyError) return undefined; // No rule covers the model in this root.
    throw error;
  }
}
