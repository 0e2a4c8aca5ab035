import { type RolloutDevice, type RolloutDeviceQuery, rolloutLimits } from "@modelfleet/protocol";
import { permits } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";
import type { RolloutStore, StoredExecution } from "../../ports/rollout-store.ts";
import { seenRollout } from "./known-rollout.ts";

export interface ListedDevices {
  readonly devices: readonly RolloutDevice[];
  /** Cursor of the page behind this one. */
  readonly next: string | null;
}

/** Devices of a rollout in its order, a page at a time. */
export class ListRolloutDevices {
  readonly #rollouts: RolloutStore;

  constructor(ports: { readonly rollouts: RolloutStore }) {
    this.#rollouts = ports.rollouts;
  }

  /**
   * A device that got other labels since may no longer be the caller's: it is left out, and a page may be short.
   *
   * @throws NotFoundError ROLLOUT_UNKNOWN
   */
  async run(id: string, query: RolloutDeviceQuery, caller: Principal): Promise<ListedDevices> {
    const { rollout } = await seenRollout(this.#rollouts, id, caller);
    const { executions, next } = await this.#rollouts.executions(id, {
      states: query.state ?? [],
      stage: query.stage ?? null,
      limit: query.limit ?? rolloutLimits.pageDefault,
      cursor: query.cursor ?? null,
    });
    const seen = executions.filter(({ labels }) =>
      permits(caller, { action: "rollout.read", model: rollout.model, labels }),
    );
    return { devices: seen.map(deviceView), next };
  }
}

function deviceView({ execution, ...stored }: StoredExecution): RolloutDevice {
  const { state, code, detail, attempts, changedAtMs } = execution;
  const { device, labels, stage, online, reasons } = stored;
  return {
    ...{ device, labels, stage, state, code, detail, online, changedAtMs },
    attempt: attempts,
    reasons: [...reasons],
  };
}
