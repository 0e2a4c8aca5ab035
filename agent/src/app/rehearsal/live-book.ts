import type { Sha256, SlotName } from "@modelfleet/protocol";
import { type ProbationRules, probationOf } from "../../domain/install/probation.ts";
import { judgeLive, type LiveFacts } from "../../domain/rehearsal/judge-live.ts";
import { nextLook } from "../../domain/rehearsal/next-look.ts";
import { createLiveMeasures, type LiveMeasures } from "../../domain/serving/live-measures.ts";
import type { Observation } from "../../domain/serving/routed-model.ts";
import type { LoadedModel } from "../../ports/runner-host.ts";

export interface LiveBookParts {
  /** The device's own; a release may have signed others. */
  readonly rules: ProbationRules;
  readonly isOnTrial: (slot: SlotName, release: Sha256) => boolean;
  /** The answers of a release on trial speak against it: who decides about it should look now. */
  readonly failed: () => void;
}

interface Entry {
  readonly measures: LiveMeasures;
  /** Of the release that answered in this slot until this one did. */
  before: LiveMeasures | null;
  /** Of that one, when this one began to answer. */
  readonly answeredBefore: number;
  readonly allowsNonFinite: boolean;
  /** Looked at again with so many answers. */
  nextLook: number;
  /** It is confirmed, or was never on trial. */
  isOver: boolean;
}

/**
 * What the models that are or were active have answered to live requests. Each loaded model has an entry of its own, which is
 * gone with it; so a release that is started again is judged anew, without what was before it.
 */
export class LiveBook {
  readonly #parts: LiveBookParts;
  readonly #entries = new WeakMap<LoadedModel["staged"], Entry>();
  /** Of who answered last in a slot that is empty now. */
  readonly #left = new Map<SlotName, LiveMeasures>();

  constructor(parts: LiveBookParts) {
    this.#parts = parts;
  }

  /** From now on `model` answers in this slot; `before` did until now. */
  activated(slot: SlotName, model: LoadedModel, before: LoadedModel | undefined): void {
    const measured = before === undefined ? this.#left.get(slot) : this.#measuresOf(before);
    this.#left.delete(slot);
    if (this.#entries.has(model.staged)) return;
    this.#entries.set(model.staged, {
      measures: createLiveMeasures(model.staged.document),
      before: measured ?? null,
      answeredBefore: measured?.answered() ?? 0,
      allowsNonFinite: model.golden.allowsNonFinite ?? false,
      nextLook: 1,
      isOver: false,
    });
  }

  /** Nobody answers in this slot until the next one does; `before` did until now. */
  emptied(slot: SlotName, before: LoadedModel | undefined): void {
    const measured = before === undefined ? undefined : this.#measuresOf(before);
    if (measured !== undefined) this.#left.set(slot, measured);
  }

  observe(observation: Observation<LoadedModel>): void {
    const { slot, staged, role } = observation;
    const entry = role === "stable" ? this.#entries.get(staged) : undefined;
    if (entry === undefined) return;
    const failures = entry.measures.failed();
    entry.measures.observe(observation);
    const hasFailed = entry.measures.failed() > failures;
    const isDue = hasFailed || entry.measures.answered() >= entry.nextLook;
    if (entry.isOver || !isDue) return;
    entry.nextLook = nextLook(entry.measures.answered());
    if (!this.#parts.isOnTrial(slot, staged.release)) {
      entry.isOver = true;
      entry.before = null;
      return;
    }
    const rules = probationOf(this.#parts.rules, staged.document.swap?.probation);
    if (hasFailed || judgeLive(rules, factsOf(entry)) !== null) this.#parts.failed();
  }

  /** What is known of a model that is, or was, active; null of any other. */
  facts({ staged }: Pick<LoadedModel, "staged">): LiveFacts | null {
    const entry = this.#entries.get(staged);
    return entry === undefined ? null : factsOf(entry);
  }

  #measuresOf({ staged }: LoadedModel): LiveMeasures | undefined {
    return this.#entries.get(staged)?.measures;
  }
}

function factsOf({ measures, before, answeredBefore, allowsNonFinite }: Entry): LiveFacts {
  // The one before may answer what it was asked until then.
  const drained = Math.max(0, (before?.answered() ?? 0) - answeredBefore);
  return { trial: measures, before, looks: measures.answered() + drained, allowsNonFinite };
}
