import type { SlotName } from "@modelfleet/protocol";
import { InferError } from "../../domain/infer-error.ts";
import type { ReleaseLabels, RequestTally } from "../../domain/metrics/request-tally.ts";
import type { SwapTally } from "../../domain/metrics/swap-tally.ts";
import type { ServedModel, ServedModels } from "../../domain/open-inference/served-models.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Serving } from "../../ports/serving.ts";

export interface Tallies {
  readonly requests: RequestTally;
  readonly swaps: SwapTally;
}

/** The same models, with every request counted by the release that answered, or that would have. */
export function countedModels(
  models: ServedModels,
  { requests, swaps }: Tallies,
  clock: Pick<Clock, "monotonicMs">,
): ServedModels {
  const activeIn = (slot: SlotName) => models.slots().find((served) => served.slot === slot)?.model;
  return {
    slots: () => models.slots(),
    infer: async (request) => {
      const { slot } = request;
      const startMs = clock.monotonicMs();
      try {
        const answer = await models.infer(request);
        requests.succeeded(labelsOf(slot, answer.model), clock.monotonicMs() - startMs);
        return answer;
      } catch (cause) {
        const model = activeIn(slot);
        const code = cause instanceof InferError ? cause.code : "DEFECT";
        if (model !== undefined) requests.failed(labelsOf(slot, model), code);
        throw cause;
      } finally {
        swaps.answered(slot, clock.monotonicMs() - startMs);
      }
    },
  };
}

/** The same serving, with its swaps and restarts counted. */
export function countedServing(serving: Serving, { swaps }: Pick<Tallies, "swaps">): Serving {
  return {
    active: (slot) => serving.active(slot),
    health: (slot) => serving.health(slot),
    canary: (slot, canary) => serving.canary(slot, canary),
    deactivate: (slot) => serving.deactivate(slot),
    activate: async (slot, model) => {
      const before = serving.active(slot);
      const isRestart = before?.staged.release === model.staged.release;
      if (isRestart) swaps.restarted(slot);
      if (isRestart || before === undefined) return serving.activate(slot, model);
      swaps.flipped(slot);
      try {
        return await serving.activate(slot, model);
      } finally {
        swaps.drained(slot);
      }
    },
  };
}

function labelsOf(slot: SlotName, { staged: { document } }: ServedModel): ReleaseLabels {
  return { slot, model: document.model, version: document.version };
}
