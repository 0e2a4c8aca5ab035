import { type DeviceId, rolloutLimits } from "@modelfleet/protocol";
import { deviceSubject } from "../../domain/rollout/selection/device-fields.ts";
import { matchesSelector } from "../../domain/rollout/selection/matches-selector.ts";
import { parseSelector } from "../../domain/rollout/selection/parse-selector.ts";
import type { DeviceRecord } from "../../ports/fleet-store.ts";
import type { RolloutPorts } from "./rollout-ports.ts";

/**
 * Members of the fleet that a selector chooses now, by id. The fleet is read in slices, and others have their turn
 * between them.
 *
 * @throws RolloutError SELECTOR_INVALID
 */
export async function everyDevice(
  { breathe, fleet }: Pick<RolloutPorts, "breathe" | "fleet">,
  select: string,
): Promise<readonly DeviceRecord[]> {
  const selector = parseSelector(select);
  const chosen: DeviceRecord[] = [];
  const count = rolloutLimits.splitPerCommitMax;
  for (let after: DeviceId | null = null; ; ) {
    const slice: readonly DeviceRecord[] = await fleet.devicesFrom(after, count);
    for (const device of slice) {
      if (device.state === "active" && matchesSelector(selector, deviceSubject(device))) {
        chosen.push(device);
      }
    }
    after = slice.at(-1)?.id ?? null;
    if (slice.length < count || chosen.length >= rolloutLimits.devicesMax) return chosen;
    await breathe();
  }
}
