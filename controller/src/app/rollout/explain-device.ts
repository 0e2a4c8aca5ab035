import type { DeviceId, RolloutExplanation } from "@modelfleet/protocol";
import { permits } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { NotFoundError } from "../../domain/errors.ts";
import { explainExecution } from "../../domain/rollout/explain-execution.ts";
import { type OfferHold, offerHold } from "../../domain/rollout/offer-hold.ts";
import { boxedUntilMs, penaltyMemoryMs } from "../../domain/rollout/pacing/penalty-box.ts";
import { windowsOf } from "../../domain/rollout/pacing/windows-of.ts";
import type { RolloutRecord } from "../../domain/rollout/rollout.ts";
import type { StoredExecution } from "../../ports/rollout-store.ts";
import { candidateOf, roomFor } from "./engine/give-offers.ts";
import { executionOf } from "./exclude-device.ts";
import { seenRollout } from "./known-rollout.ts";
import type { RolloutPorts } from "./rollout-ports.ts";

/** Says of one device why it waits, or how it ended: by the same rules that let it wait. */
export class ExplainDevice {
  readonly #ports: Pick<RolloutPorts, "calendar" | "clock" | "rollouts">;

  constructor(ports: Pick<RolloutPorts, "calendar" | "clock" | "rollouts">) {
    this.#ports = ports;
  }

  /** @throws NotFoundError ROLLOUT_UNKNOWN | DEVICE_UNKNOWN */
  async run(id: string, device: DeviceId, caller: Principal): Promise<RolloutExplanation> {
    const { clock, rollouts } = this.#ports;
    const snapshot = await seenRollout(rollouts, id, caller);
    const { rollout } = snapshot;
    const stored = await executionOf(this.#ports, rollout, device);
    if (!permits(caller, { action: "rollout.read", model: rollout.model, labels: stored.labels })) {
      throw new NotFoundError("DEVICE_UNKNOWN", `expected a device of rollout ${id}`);
    }
    const { execution, stage, isControl, online } = stored;
    const { state, code } = execution;
    const nowMs = clock.nowMs();
    const sentence = explainExecution({
      ...{ device, execution, stage, isControl, online, snapshot, nowMs },
      hold: state === "queued" ? await this.#holdOf(rollout, stored, nowMs) : null,
      nextWindowAtMs: code === "WINDOW" ? this.#nextWindow(rollout, stored, nowMs) : null,
    });
    return { device, state, code, sentence };
  }

  async #holdOf(
    rollout: RolloutRecord,
    stored: StoredExecution,
    nowMs: number,
  ): Promise<OfferHold | null> {
    const { rollouts } = this.#ports;
    const { plan } = rollout;
    const { budget, penalty, inFlightMax } = plan;
    const { facts, ...room } = await roomFor(this.#ports, rollout, nowMs);
    const groups =
      budget === undefined
        ? new Map()
        : await rollouts.unavailable(budget.groupBy, [stored.group ?? ""]);
    const failures =
      penalty === undefined
        ? []
        : await rollouts.failuresOf(stored.device, nowMs - penaltyMemoryMs(penalty));
    const isBoxed = boxedUntilMs(penalty, failures, nowMs) !== null;
    const boxed = new Set(isBoxed ? [stored.device] : []);
    const candidates = [candidateOf(stored)];
    const offer = { candidates, inFlightMax, budget, groups, nowMs, boxed, ...room };
    return offerHold({ offer, plan, facts, failures });
  }

  #nextWindow({ plan }: RolloutRecord, stored: StoredExecution, nowMs: number): number | null {
    const { calendar } = this.#ports;
    const [next] = windowsOf(plan, stored, { calendar, nowMs }) ?? [];
    return next?.fromMs ?? null;
  }
}
