import { runnerLimits } from "@modelfleet/protocol";
import { systemClock } from "../adapters/clock/system-clock.ts";
import { metricsText } from "../adapters/metrics/metrics-text.ts";
import type { Installer } from "../app/install/installer.ts";
import { releaseNames } from "../app/install/release-names.ts";
import type { ReleaseShelf } from "../app/install/release-shelf.ts";
import { type GateParts, gateOf } from "../app/install/slot-facts.ts";
import { endedGaps, heldReleases, rehearsalTexts } from "../app/install/told-runtimes.ts";
import { countedModels, countedServing, type Tallies } from "../app/metrics/counted-serving.ts";
import type { ShadowAgreement } from "../app/rehearsal/rehearsals.ts";
import type { Report } from "../app/reporter.ts";
import { repositoryIndex } from "../app/repository-index.ts";
import type { AgentStatus, HeldStatus, HeldUpStatus } from "../domain/agent-status.ts";
import { type MetricFacts, type MetricsText, metricsOf } from "../domain/metrics/metric.ts";
import { RequestTally } from "../domain/metrics/request-tally.ts";
import { SwapTally } from "../domain/metrics/swap-tally.ts";
import type { RepositoryEntry } from "../domain/open-inference/repository.ts";
import type { ServedModels } from "../domain/open-inference/served-models.ts";
import type { Router } from "../domain/serving/router.ts";
import { servingPlan } from "../domain/serving/serving-plan.ts";
import type { Holds } from "../ports/deferral.ts";
import type { LoadedModel } from "../ports/runner-host.ts";
import type { Serving } from "../ports/serving.ts";

export interface TellingParts extends GateParts {
  readonly router: Router<LoadedModel>;
  readonly installer: Installer;
  readonly shelf: ReleaseShelf;
  readonly holds: Pick<Holds, "status">;
  readonly agreements: () => readonly ShadowAgreement[];
}

/** What counts requests and swaps on their way; before anything else of the agent is there. */
export function wireCounting() {
  const tallies: Tallies = { requests: new RequestTally(), swaps: new SwapTally() };
  return {
    tallies,
    models: (models: ServedModels) => countedModels(models, tallies, systemClock),
    serving: (serving: Serving) => countedServing(serving, tallies),
    report: (report: Report): Report => {
      return (item) => {
        if (item !== undefined) tallies.swaps.reported(item);
        return report(item);
      };
    },
  };
}

/** What the local API tells of this agent beside answers. */
export function wireTelling(tallies: Tallies, parts: TellingParts) {
  const { router, installer, shelf } = parts;
  return {
    repository: (): Promise<readonly RepositoryEntry[]> =>
      repositoryIndex({
        served: () => router.slots(),
        slots: () => installer.slots(),
        wanted: () => installer.wanted(),
        shelf,
      }),
    metrics: async (): Promise<MetricsText> => metricsText(metricsOf(await facts(tallies, parts))),
    status: () => told(parts),
  };
}

type Told = Pick<
  AgentStatus,
  | "slots"
  | "runtimes"
  | "gaps"
  | "held"
  | "names"
  | "queues"
  | "deferrals"
  | "heldUp"
  | "rehearsals"
>;

/** The part of the status that the install loop and the router know. */
async function told(parts: TellingParts): Promise<Told> {
  const { router, installer, shelf, holds } = parts;
  const served = router.slots();
  const slots = installer.slots();
  return {
    slots,
    names: await releaseNames({ slots, wanted: installer.wanted(), shelf }),
    runtimes: served.map(({ slot, model }) => {
      return { slot, release: model.staged.release, ...model.runtime };
    }),
    gaps: endedGaps(installer.runtimes()),
    held: await heldStatus(installer),
    heldUp: heldUpStatus(parts),
    queues: served.map(({ slot, model }) => {
      const { waiting = 0, running = 0 } = router.counts(slot) ?? {};
      const { queue, unbatched } = servingPlan(model, runnerLimits.queueDefault);
      return {
        slot,
        waiting,
        running,
        ...queue,
        ...(unbatched === undefined ? {} : { unbatched }),
      };
    }),
    deferrals: served.flatMap(({ slot }) => {
      const status = holds.status(slot);
      return status.deferredMs === 0 && status.waiting === null ? [] : [status];
    }),
    rehearsals: rehearsalTexts(installer.runtimes()),
  };
}

function heldStatus(installer: Installer): Promise<readonly HeldStatus[]> {
  const held = heldReleases(installer.runtimes()).map(async ({ slot, role, model }) => {
    const { release, document } = model.staged;
    const named = { slot, role, release, model: document.model, version: document.version };
    return { ...named, goldenCases: model.golden.cases, memoryBytes: await model.memoryBytes() };
  });
  return Promise.all(held);
}

async function facts(tallies: Tallies, parts: TellingParts): Promise<MetricFacts> {
  const { router, installer, agreements } = parts;
  const processes = await heldStatus(installer);
  const runtimes = installer.runtimes();
  return {
    requests: tallies.requests.counts(),
    swaps: tallies.swaps.counts(),
    loads: runtimes.flatMap(({ slot }) => {
      const counts = router.counts(slot);
      return counts === undefined ? [] : [{ slot, ...counts }];
    }),
    processes,
    standbys: runtimes.map(({ slot, standby }) => ({ slot, isHeld: standby !== null })),
    agreements: agreements(),
  };
}

/** Only what is wanted, on trial and does not answer. */
function heldUpStatus(parts: TellingParts): readonly HeldUpStatus[] {
  const { router, installer } = parts;
  return installer.slots().flatMap(({ slot, trial }) => {
    const wanted = installer.wanted().find((model) => model.slot === slot);
    const isWaiting = trial !== null && trial.release === wanted?.release;
    const answers = router.active(slot)?.staged.release;
    if (wanted === undefined || !isWaiting || answers === wanted.release) return [];
    const found = gateOf(parts, wanted);
    if (found.kind === "open") return [];
    return [{ slot, release: wanted.release, detail: found.detail, opensInMs: found.opensInMs }];
  });
}
