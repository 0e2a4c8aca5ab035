import type { SlotName } from "@modelfleet/protocol";
import type { Observation } from "../../domain/serving/routed-model.ts";
import type { Rehearsal } from "../../ports/rehearsal.ts";
import type { LoadedModel } from "../../ports/runner-host.ts";
import { type RehearsalParts, ReleaseRehearsal } from "./release-rehearsal.ts";

/** How far a shadow agreed with the release that answered. */
export interface ShadowAgreement {
  readonly slot: SlotName;
  readonly model: string;
  readonly version: string;
  /** 0 to 1 */
  readonly share: number;
}

/** The rehearsals that run, at most one in a slot, and the live requests they are shown. */
export class Rehearsals {
  readonly #parts: RehearsalParts;
  readonly #running = new Map<SlotName, ReleaseRehearsal>();
  /** Of the last rehearsal in each slot: monitoring looks seldom, and a rehearsal may be short. */
  readonly #agreements = new Map<SlotName, () => ShadowAgreement | undefined>();

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
    const { model: name, version } = model.staged.document;
    const agreement = () => agreementOf({ slot, model: name, version }, rehearsal.agreement());
    this.#agreements.set(slot, agreement);
    return {
      stage: () => rehearsal.stage(),
      verdict: () => rehearsal.verdict(),
      summary: () => rehearsal.summary(),
      found: (stage) => rehearsal.found(stage),
      end: () => {
        if (this.#running.get(slot) === rehearsal) this.#running.delete(slot);
        const ended = rehearsal.end();
        this.#keep(slot, agreement);
        return ended;
      },
    };
  }

  agreements(): readonly ShadowAgreement[] {
    return [...this.#agreements.values()].flatMap((agreement) => agreement() ?? []);
  }

  /** The figure stays; the rehearsal and its model need not. */
  #keep(slot: SlotName, agreement: () => ShadowAgreement | undefined): void {
    if (this.#agreements.get(slot) !== agreement) return;
    const last = agreement();
    this.#agreements.set(slot, () => last);
  }

  observe(observation: Observation<LoadedModel>): void {
    this.#running.get(observation.slot)?.observe(observation);
  }
}

function agreementOf(
  named: Omit<ShadowAgreement, "share">,
  share: number | undefined,
): ShadowAgreement | undefined {
  return share === undefined ? undefined : { ...named, share };
}
