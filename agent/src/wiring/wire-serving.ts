import { systemClock } from "../adapters/clock/system-clock.ts";
import type { StateRecord } from "../app/install/state-record.ts";
import type { TelemetrySpool } from "../app/telemetry-spool.ts";
import type { AgentConfig } from "../config.ts";
import { defaultProbation } from "../domain/install/probation.ts";
import type { ServedModels } from "../domain/open-inference/served-models.ts";
import type { Observation } from "../domain/serving/routed-model.ts";
import { Router } from "../domain/serving/router.ts";
import type { Log } from "../ports/log.ts";
import type { LoadedModel } from "../ports/runner-host.ts";
import { wireRehearsal } from "./wire-rehearsal.ts";
import { wireCounting } from "./wire-telling.ts";

export interface ServingWiring {
  readonly config: AgentConfig;
  readonly record: StateRecord;
  readonly spool: TelemetrySpool;
  readonly log: Log;
  /** Told of each answer after what measures and what rehearses. */
  readonly observe: (observation: Observation<LoadedModel>) => void;
  /** The install loop should look at its slots now. */
  readonly ring: () => void;
  /** See `AgentRun`. */
  readonly asked: (() => void) | undefined;
}

/** Where requests go, with all that counts, measures and rehearses on their way. */
export function wireServing(wiring: ServingWiring) {
  const { config, record, spool, log, ring, observe, asked } = wiring;
  const clock = systemClock;
  const router = new Router<LoadedModel>({
    clock,
    observer: (outcome) => {
      spool.observe(outcome);
      rehearsal.observe(outcome);
      observe(outcome);
    },
    observed: (release) => spool.tensorsOf(release),
    onUnbatched: (release, reason) =>
      log.warn(
        { event: "batching.off", release, reason },
        "a release asks for batches, and is asked one request at a time",
      ),
  });
  const rules = { ...defaultProbation, confirmMs: config.confirmMs };
  const counting = wireCounting();
  const serving = counting.serving(router);
  const rehearsal = wireRehearsal({ serving, record, rules, clock, ring });
  const models = tellFirst(counting.models(router), asked);
  return { router, models, rules, rehearsal, counting };
}

/** Of all ways by which applications ask. */
function tellFirst(models: ServedModels, asked: (() => void) | undefined): ServedModels {
  let told = asked;
  return {
    slots: models.slots,
    infer: (request) => {
      told?.();
      told = undefined;
      return models.infer(request);
    },
  };
}
