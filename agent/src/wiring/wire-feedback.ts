import type { DeviceId, Sha256 } from "@modelfleet/protocol";
import { CaptureKeeper } from "../app/capture/capture-keeper.ts";
import { LabelDesk } from "../app/feedback/label-desk.ts";
import type { TelemetrySpool } from "../app/telemetry-spool.ts";
import type { AgentStatus } from "../domain/agent-status.ts";
import { predictionIds } from "../domain/feedback/prediction-ids.ts";
import type { Observation } from "../domain/serving/routed-model.ts";
import type { CaptureStore } from "../ports/capture-store.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { LoadedModel } from "../ports/runner-host.ts";

export interface FeedbackWiring {
  readonly device: DeviceId;
  readonly spool: TelemetrySpool;
  readonly store: CaptureStore;
  readonly windowMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** What looks at answers beside telemetry: labels that come later, and requests that are kept. */
export function wireFeedback({ device, spool, store, windowMs, clock, log }: FeedbackWiring) {
  const outputsOf = (release: Sha256) => spool.outputsOf(release);
  const labels = new LabelDesk({
    ...{ clock, log, windowMs, outputsOf },
    tell: (feedback) => spool.tell(feedback),
  });
  const captures = new CaptureKeeper({
    ...{ device, store, clock, log, outputsOf },
    isDrifting: (slot, release) => labels.isDrifting(slot, release),
  });
  return {
    labels,
    captures,
    naming: {
      nextId: predictionIds(clock.randomBytes(6)),
      takesLabels: (release: Sha256) => labels.takesLabels(release),
    },
    observe: (observation: Observation<LoadedModel>) => {
      labels.observe(observation);
      captures.observe(observation);
    },
    status: (): Pick<AgentStatus, "labels" | "captures"> => {
      return { labels: labels.status(), captures: captures.status() };
    },
  };
}
