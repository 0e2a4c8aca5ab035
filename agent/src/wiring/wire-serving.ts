import type { Sha256 } from "@modelfleet/protocol";
import { systemClock } from "../adapters/clock/system-clock.ts";
import { LabelDesk } from "../app/feedback/label-desk.ts";
import type { StateRecord } from "../app/install/state-record.ts";
import type { TelemetrySpool } from "../app/telemetry-spool.ts";
import type { AgentConfig } from "../config.ts";
import { predictionIds } from "../domain/feedback/prediction-ids.ts";
import { defaultProbation } from "../domain/install/probation.ts";
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
  /** The install loop should look at its slots now. */
  readonly ring: () => void;
}

/** Where requests go, with all that counts, measures and rehearses on their way. */
export function wireServing({ config, record, spool, log, ring }: ServingWiring) {
  const clock = systemClock;
  const labels = new LabelDesk({
    ...{ clock, log, windowMs: config.windowMs },
    outputsOf: (release) => spool.outputsOf(release),
    tell: (feedback) => spool.tell(feedback),
  });
  const router = new Router<LoadedModel>({
    clock,
    observer: (outcome) => {
      spool.observe(outcome);
      labels.observe(outcome);
      rehearsal.observe(outcome);
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
  const naming = {
    nextId: predictionIds(clock.randomBytes(6)),
    takesLabels: (release: Sha256) => labels.takesLabels(release),
  };
  const models = counting.models(router);
  return { router, models, rules, rehearsal, counting, labels, naming };
}
