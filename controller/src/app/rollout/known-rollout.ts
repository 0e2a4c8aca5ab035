import type { Action } from "../../domain/access/actions.ts";
import { permits } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { NotFoundError } from "../../domain/errors.ts";
import type { RolloutRecord, RolloutSnapshot } from "../../domain/rollout/rollout.ts";
import type { RolloutStore } from "../../ports/rollout-store.ts";
import { requireRight } from "../access/require-right.ts";

/** @throws NotFoundError ROLLOUT_UNKNOWN, also for one the caller may not see */
export async function seenRollout(
  rollouts: RolloutStore,
  id: string,
  caller: Principal,
): Promise<RolloutSnapshot> {
  const snapshot = await rollouts.byId(id);
  if (snapshot !== undefined && maySee(caller, snapshot.rollout)) return snapshot;
  throw new NotFoundError(
    "ROLLOUT_UNKNOWN",
    `expected the id of a rollout, got ${id.slice(0, 64)}: see modelfleet rollout list`,
  );
}

export function maySee(caller: Principal, { model, scope }: RolloutRecord): boolean {
  return permits(caller, { action: "rollout.read", model, labels: scope });
}

/** @throws AccessError NOT_PERMITTED for a rollout he only sees */
export function requireRollout(
  caller: Principal,
  action: Action,
  { model, scope }: RolloutRecord,
): void {
  requireRight(caller, { action, model, labels: scope });
}
