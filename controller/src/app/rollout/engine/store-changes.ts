import type { RolloutRecord } from "../../../domain/rollout/rollout.ts";
import type { StoredChange } from "../../../ports/rollout-store.ts";
import type { RolloutPorts } from "../rollout-ports.ts";

/**
 * Stores changes of executions and sends the orders among them. Where they cannot be stored together, because one device
 * has moved meanwhile, each is stored alone, so that it holds up none of the others.
 *
 * @returns how many were stored
 */
export async function storeChanges(
  ports: Pick<RolloutPorts, "bus" | "log" | "rollouts">,
  { id, version }: Pick<RolloutRecord, "id" | "version">,
  changes: readonly StoredChange[],
): Promise<number> {
  if (changes.length === 0) return 0;
  if (await ports.rollouts.advance(id, version, changes)) {
    await sendOrders(ports, changes);
    return changes.length;
  }
  if (changes.length === 1) return 0;
  let stored = 0;
  for (const change of changes) stored += await storeChanges(ports, { id, version }, [change]);
  return stored;
}

/** Best effort: a device that misses its order asks for it (protocol.md 4). */
async function sendOrders(
  { bus, log }: Pick<RolloutPorts, "bus" | "log">,
  changes: readonly StoredChange[],
): Promise<void> {
  for (const { device, assignment } of changes) {
    if (assignment === null) continue;
    try {
      await bus.publishDesired(device, assignment.envelope);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.warn({ event: "desired.not-sent", device, reason }, "desired not sent");
    }
  }
}
