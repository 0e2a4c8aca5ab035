import type { DeviceId } from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import { NotFoundError, RolloutError } from "../../domain/errors.ts";
import type { RolloutRecord } from "../../domain/rollout/rollout.ts";
import type { StoredExecution } from "../../ports/rollout-store.ts";
import { settleOne } from "./engine/settle.ts";
import { storeChanges } from "./engine/store-changes.ts";
import { requireRollout, seenRollout } from "./known-rollout.ts";
import type { RolloutPorts } from "./rollout-ports.ts";

/** Takes one device out of a rollout before it begins to serve; it goes on with what it ran. */
export class ExcludeDevice {
  readonly #ports: RolloutPorts;

  constructor(ports: RolloutPorts) {
    this.#ports = ports;
  }

  /** @throws NotFoundError ROLLOUT_UNKNOWN | DEVICE_UNKNOWN; AccessError NOT_PERMITTED; RolloutError ROLLOUT_STATE | BUSY */
  async run(
    id: string,
    { device, reason }: { readonly device: DeviceId; readonly reason: string },
    caller: Principal,
  ): Promise<void> {
    const { lanes, rollouts, wake } = this.#ports;
    await lanes.run(id, async () => {
      const { rollout } = await seenRollout(rollouts, id, caller);
      requireRollout(caller, "rollout.control", rollout);
      const stored = await executionOf(this.#ports, rollout, device);
      const by = { code: "EXCLUDED", detail: reason, actor: caller.id } as const;
      const change = await settleOne(this.#ports, { rollout, stored }, by);
      if (change === undefined) {
        const { state } = stored.execution;
        throw new RolloutError(
          "ROLLOUT_STATE",
          `expected a device that has not begun to serve the release, got one that is ${state}`,
        );
      }
      if ((await storeChanges(this.#ports, rollout, [change])) === 0) {
        throw new RolloutError("BUSY", "the device has changed meanwhile: try again");
      }
    });
    wake(id);
  }
}

/** @throws NotFoundError DEVICE_UNKNOWN */
export async function executionOf(
  { rollouts }: Pick<RolloutPorts, "rollouts">,
  { id }: RolloutRecord,
  device: DeviceId,
): Promise<StoredExecution> {
  const stored = await rollouts.execution(id, device);
  if (stored !== undefined) return stored;
  throw new NotFoundError(
    "DEVICE_UNKNOWN",
    `expected a device of rollout ${id}, got ${device}: see modelfleet rollout devices ${id}`,
  );
}
