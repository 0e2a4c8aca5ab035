import { driftLimits, driftPipelineLimits, telemetryLimits } from "@modelfleet/protocol";
import { unheardAlert } from "../../domain/drift/alerts/advance-alert.ts";
import { alertKey } from "../../domain/drift/alerts/advance-alerts.ts";
import { lostAlerts } from "../../domain/drift/alerts/lost-alerts.ts";
import type { Clock } from "../../ports/clock.ts";
import type {
  AlertStore,
  AlertsChange,
  DriftRelease,
  DriftStore,
} from "../../ports/drift-store.ts";
import type { ProfiledRelease, ReleaseProfiles } from "../release/release-profiles.ts";
import { alertNotices } from "./alert-notices.ts";
import { changedAlert } from "./changed-alerts.ts";
import { remembered, statesOf } from "./remembered-states.ts";

export interface EndSilentAlertsPorts {
  readonly clock: Clock;
  readonly drift: DriftStore & AlertStore;
  readonly profiles: ReleaseProfiles;
  readonly driftWindowMs?: number;
}

/** Of a release of which nothing comes any more no cell is judged: its alerts end here, after `driftLimits.silentMsMax`. */
export class EndSilentAlerts {
  readonly #ports: EndSilentAlertsPorts;

  constructor(ports: EndSilentAlertsPorts) {
    this.#ports = ports;
  }

  /** @throws StoreError */
  async run(): Promise<void> {
    const { clock, drift, profiles } = this.#ports;
    const cellMs = this.#ports.driftWindowMs ?? telemetryLimits.windowMsDefault;
    // What came in time has been judged by then.
    const graceMs = (2 + driftLimits.graceCells) * cellMs;
    const judgedBeforeMs = clock.nowMs() - driftLimits.silentMsMax - graceMs;
    const count = driftPipelineLimits.silentReleasesPerTickMax;
    for (const prefix of await drift.silentReleases(judgedBeforeMs, count)) {
      const [before, release] = [await drift.release(prefix), await profiles.find(prefix)];
      if (before === undefined || release === undefined) continue;
      // Whoever was faster has done it, or has heard of the release again.
      await drift.changeAlerts(ended(before, release, clock.nowMs()));
    }
  }
}

function ended(before: DriftRelease, release: ProfiledRelease, atMs: number): AlertsChange {
  const states = statesOf(before);
  const cellStartMs = before.judgedMs + driftLimits.silentMsMax;
  const { gone, transitions } = lostAlerts({
    release: release.record.release,
    ...{ states, heard: new Set<string>(), cellStartMs, untilMs: atMs },
  });
  const around = { release, signals: [], culprits: [], devices: null, suppressedBy: null };
  const alerts = transitions.map((transition) => {
    const { cohort, signal } = transition.subject;
    const from = states.get(alertKey(cohort, signal)) ?? unheardAlert;
    return changedAlert(transition, { before: from, after: unheardAlert }, around);
  });
  const { releasePrefix, memory } = before;
  const told = alertNotices(alerts, { atMs, cellStartMs, releasePrefix, memory });
  return {
    release: {
      ...before,
      version: before.version + 1,
      memory: { ...told.memory, alerts: remembered(states, new Map(), gone) },
    },
    ...{ alerts, audit: told.audit, events: told.events },
  };
}
