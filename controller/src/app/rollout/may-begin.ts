import { RolloutError } from "../../domain/errors.ts";
import type { RolloutRecord } from "../../domain/rollout/rollout.ts";
import { everyDevice } from "./every-device.ts";
import { rolloutConflicts } from "./rollout-conflicts.ts";
import type { RolloutPorts } from "./rollout-ports.ts";

/** A draft may have grown old: its release was rolled back meanwhile. @throws RolloutError POISONED */
export async function refusePoisoned(
  { audit, rollouts }: Pick<RolloutPorts, "audit" | "rollouts">,
  { id, release, model, modelVersion, createdAtMs }: RolloutRecord,
): Promise<void> {
  const poison = await rollouts.poisoned(release);
  if (poison === undefined) return;
  const isOverridden = await audit.has("rollout.poison-overridden", `rollout:${id}`);
  if (isOverridden && poison.atMs <= createdAtMs) return;
  throw new RolloutError(
    "POISONED",
    `${model}@${modelVersion} was rolled back by rollout ${poison.rollout} (${poison.reason}): make a new rollout that says why it is rolled out again`,
  );
}

/** @throws RolloutError CONFLICT */
export async function refuseConflicts(
  ports: RolloutPorts,
  { id, plan }: RolloutRecord,
): Promise<void> {
  const devices = await everyDevice(ports, plan.select);
  await rolloutConflicts(ports, { plan, devices, except: id });
}
