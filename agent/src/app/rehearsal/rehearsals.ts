import type { SlotName } from "@modelfleet/protocol";
import type { Observation } from "../../domain/serving/routed-model.ts";
import type { Rehearsal } from "../../ports/rehearsal.ts";
import type { LoadedModel } from "../../ports/runner-host.ts";
import { type RehearsalParts, ReleaseRehearsal } from "./release-rehearsal.ts";

/** The rehearsals that run, at most one in a slot, and the live requests they are shown. */
export class Rehearsals {
  readonly #parts: RehearsalParts;
  readonly #running = new Map<SlotName, ReleaseRehearsal>();

  constructor(parts: RehearsalParts) {
    this.#parts = parts;
  }

  /** See `Rehearse`. */
  begin(slot: SlotName, model: LoadedModel): Rehearsal | null {
    const { shadow, canary } = model.staged.document.swap ?? {};
    const isAsked = shadow !== undefined || canary !== undefined;
    if (!isAsked || this.#parts.serving.active(slot) === undefined) return null;
    const rehearsal = new ReleaseRehearsal(this.#parts, { slot, model, shadow, canary });
    this.#running.set(slot, rehearsal);
    return {
      stage: () => rehearsal.stage(),
      verdict: () => rehearsal.verdict(),
      summary: () => rehearsal.summary(),
      end: () => {
        if (this.#running.get(slot) === rehearsal) this.#running.delete(slot);
        return rehearsal.end();
      },
    };
  }

  observe(observation: Observation<LoadedModel>): void {
    this.#running.get(observation.slot)?.observe(observation);
  }
}
