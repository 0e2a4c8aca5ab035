import type { Rollout } from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import type { RolloutStore } from "../../ports/rollout-store.ts";
import { seenRollout } from "./known-rollout.ts";
import { rolloutView } from "./rollout-view.ts";

/** One rollout: its plan, its stages and how many devices are where. */
export class ShowRollout {
  readonly #rollouts: RolloutStore;

  constructor(ports: { readonly rollouts: RolloutStore }) {
    this.#rollouts = ports.rollouts;
  }

  /** @throws NotFoundError ROLLOUT_UNKNOWN */
  async run(id: string, caller: Principal): Promise<Rollout> {
    return rolloutView(await seenRollout(this.#rollouts, id, caller));
  }
}
