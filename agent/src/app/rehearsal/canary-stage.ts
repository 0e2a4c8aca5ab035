import type { CanaryPolicy } from "@modelfleet/protocol";
import type { LiveFacts } from "../../domain/rehearsal/judge-live.ts";
import { nextLook } from "../../domain/rehearsal/next-look.ts";
import { createLiveMeasures } from "../../domain/serving/live-measures.ts";
import type { Observation } from "../../domain/serving/routed-model.ts";
import type { LoadedModel } from "../../ports/runner-host.ts";

/** What a canary and the release beside it have answered since the canary began. */
export class CanaryStage {
  readonly policy: CanaryPolicy;
  readonly #model: LoadedModel;
  readonly #canary;
  readonly #stable;
  #nextLook = 1;

  constructor(policy: CanaryPolicy, model: LoadedModel, stable: LoadedModel) {
    this.policy = policy;
    this.#model = model;
    this.#canary = createLiveMeasures(model.staged.document);
    this.#stable = createLiveMeasures(stable.staged.document);
  }

  /** @returns whether it is worth judging again */
  observe(observation: Observation<LoadedModel>): boolean {
    if (observation.role === "stable") {
      this.#stable.observe(observation);
      return false;
    }
    if (observation.staged !== this.#model.staged) return false;
    this.#canary.observe(observation);
    const [answered, failed] = [this.#canary.answered(), this.#canary.failed()];
    if (answered >= this.#nextLook) this.#nextLook = nextLook(answered);
    else return failed > 0 || answered >= this.policy.answers;
    return true;
  }

  facts(): LiveFacts {
    const allowsNonFinite = this.#model.golden.allowsNonFinite ?? false;
    return { trial: this.#canary, before: this.#stable, allowsNonFinite };
  }
}
