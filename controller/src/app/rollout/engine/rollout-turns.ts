import { rolloutLimits } from "@modelfleet/protocol";
import { planRollout } from "../../../domain/rollout/machine/plan-rollout.ts";
import type { RolloutSnapshot } from "../../../domain/rollout/rollout.ts";
import type { SettleQuery } from "../../../ports/rollout-store.ts";
import type { RolloutPorts } from "../rollout-ports.ts";
import { giveOffers } from "./give-offers.ts";
import { letTimePass } from "./let-time-pass.ts";
import { settle } from "./settle.ts";
import { takeInJoiners } from "./take-in-joiners.ts";
import { takeStep } from "./take-step.ts";

/**
 * One turn of one rollout. First everything that is decided, to the end; then what time changed; then those who go back,
 * in their own lane; then new orders. Each round of orders is small and followed by a look at what is decided, so
 * a halt waits for one round at most.
 */
export class RolloutTurns {
  readonly #ports: RolloutPorts;
  readonly #joinersSeenAtMs = new Map<string, number>();

  constructor(ports: RolloutPorts) {
    this.#ports = ports;
  }

  /** @returns whether there is more to do at once */
  readonly run = async (id: string): Promise<boolean> => {
    const ports = this.#ports;
    const decided = await this.#decide(id);
    if (decided === undefined) return false;
    if (decided === "more") return true;
    const nowMs = ports.clock.nowMs();
    if (await letTimePass(ports, decided, nowMs)) return true;
    const settlement = settlementOf(decided);
    if (settlement !== undefined && (await settle(ports, decided, settlement))) return true;
    if (await this.#lookForJoiners(decided, nowMs)) return true; // That takes a while: decide anew.
    const isMore = await giveOffers(ports, decided, nowMs);
    await ports.breathe();
    return isMore;
  };

  /** @returns how it stands when nothing is left to decide now; undefined: there is no such rollout */
  async #decide(id: string): Promise<RolloutSnapshot | "more" | undefined> {
    const { clock, rollouts } = this.#ports;
    for (let steps = 0; steps < rolloutLimits.stepsPerTickMax; steps++) {
      const snapshot = await rollouts.byId(id);
      if (snapshot === undefined) return undefined;
      const step = planRollout(snapshot, clock.nowMs());
      if (step === undefined) return snapshot;
      await takeStep(this.#ports, snapshot, step);
    }
    return "more";
  }

  /** @returns whether it has looked */
  async #lookForJoiners(snapshot: RolloutSnapshot, nowMs: number): Promise<boolean> {
    const { id, state, plan } = snapshot.rollout;
    if (state !== "running" || plan.lateJoiners === "none") {
      this.#joinersSeenAtMs.delete(id);
      return false;
    }
    const seenAtMs = this.#joinersSeenAtMs.get(id);
    if (seenAtMs !== undefined && nowMs - seenAtMs < rolloutLimits.joinersEveryMs) return false;
    this.#joinersSeenAtMs.set(id, nowMs);
    if (seenAtMs === undefined) return false;
    await takeInJoiners(this.#ports, snapshot);
    return true;
  }
}

/** Who is to be called off or sent back; undefined: nobody. */
function settlementOf({
  rollout,
  stages,
}: RolloutSnapshot): Omit<SettleQuery, "count"> | undefined {
  const { state, abort } = rollout;
  if (state === "aborting" || state === "aborted") {
    return { stages: null, devices: abort ?? "keep" };
  }
  if (state === "rolling-back" || state === "rollback-incomplete") {
    return { stages: null, devices: "revert" };
  }
  const reverted = stages.filter((stage) => stage.state === "reverted");
  if (reverted.length === 0) return undefined;
  return { stages: reverted.map(({ stage }) => stage), devices: "revert" };
}
