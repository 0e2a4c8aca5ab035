import type { CanaryPolicy, Sha256 } from "@modelfleet/protocol";
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
  /** Of the release that is the stable one now. */
  #stable;
  #stableRelease: Sha256;
  #answers = 0;
  #nextLook = 1;

  constructor(policy: CanaryPolicy, model: LoadedModel, stable: LoadedModel) {
    this.policy = policy;
    this.#model = model;
    this.#canary = createLiveMeasures(model.staged.document);
    this.#stable = createLiveMeasures(stable.staged.document);
    this.#stableRelease = stable.staged.release;
  }

  /** @returns whether it is worth judging again */
  observe(observation: Observation<LoadedModel>): boolean {
    if (observation.outputs !== undefined) this.#answers += 1;
    if (observation.role === "stable") {
      this.#observeStable(observation);
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
    const looks = this.#answers;
    return { trial: this.#canary, before: this.#stable, looks, allowsNonFinite };
  }

  /** Where the stable one gave way to another release, what it answered is no measure any more. */
  #observeStable(observation: Observation<LoadedModel>): void {
    const { release, document } = observation.staged;
    if (release !== this.#stableRelease) {
      this.#stableRelease = release;
      this.#stable = createLiveMeasures(document);
    }
    this.#stable.observe(observation);
  }
}
