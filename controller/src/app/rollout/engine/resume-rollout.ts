import type { ExecutionState } from "@modelfleet/protocol";
import { rolloutLimits } from "@modelfleet/protocol";
import type { RolloutPorts } from "../rollout-ports.ts";

/**
 * After a start: whoever has an order that was stored and that his device does not hold gets it again, for it may not
 * have been sent. The same document twice harms nothing.
 */
export async function resumeRollout(
  { bus, breathe, fleet, log, rollouts }: RolloutPorts,
  id: string,
): Promise<void> {
  const states: readonly ExecutionState[] = ["offered", "reverting"];
  let cursor: string | null = null;
  let sent = 0;
  do {
    const query = { states, stage: null, limit: rolloutLimits.pageMax, cursor };
    const page = await rollouts.executions(id, query);
    for (const { device: name, execution } of page.executions) {
      const device = await fleet.device(name);
      const envelope = device?.desired.envelope ?? null;
      if (device === undefined || envelope === null || !device.online) continue;
      if (device.reportedSeq >= (execution.seq ?? 0)) continue;
      await bus.publishDesired(name, envelope);
      sent += 1;
    }
    cursor = page.next;
    await breathe();
  } while (cursor !== null);
  if (sent > 0) log.info({ event: "rollout.resumed", rollout: id, sent }, "orders sent again");
}
