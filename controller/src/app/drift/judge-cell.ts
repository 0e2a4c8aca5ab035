import type { DriftCulprit } from "@modelfleet/protocol";
import { unheardAlert } from "../../domain/drift/advance-alert.ts";
import { type AdvancedAlerts, advanceAlerts, alertKey } from "../../domain/drift/advance-alerts.ts";
import { signalsOf } from "../../domain/drift/signals-of.ts";
import type { Verdict } from "../../domain/drift/verdict.ts";
import type { Clock } from "../../ports/clock.ts";
import type {
  AlertsChange,
  CellRollup,
  ChangedAlert,
  DirtyCell,
  DriftRelease,
} from "../../ports/drift-store.ts";
import type { ProfiledRelease, ReleaseProfiles } from "../release/release-profiles.ts";
import { alertNotices } from "./alert-notices.ts";
import { changedAlert } from "./changed-alerts.ts";
import { type FoldPorts, foldCell } from "./fold-cell.ts";
import { remembered, type States, statesOf } from "./remembered-states.ts";
import { verdictsOf } from "./verdicts-of.ts";

export interface JudgeCellPorts extends FoldPorts {
  readonly clock: Clock;
  readonly profiles: ReleaseProfiles;
}

/**
 * Adds up what came for a cell, judges it and advances the alerts, in one commit. It can be stopped anywhere and done
 * again.
 *
 * @returns false when somebody else was faster
 * @throws StoreError
 */
export class JudgeCell {
  readonly #ports: JudgeCellPorts;

  constructor(ports: JudgeCellPorts) {
    this.#ports = ports;
  }

  async run(cell: DirtyCell): Promise<boolean> {
    const { drift, profiles } = this.#ports;
    const folded = await foldCell(this.#ports, cell);
    const release = await profiles.find(cell.releasePrefix);
    if (release === undefined) return drift.commit({ cell, rollups: folded, change: null });
    const judged = await verdictsOf(this.#ports, { cell, release, rollups: folded });
    const rollups = folded.map((rollup) => withVerdicts(rollup, judged.verdicts));
    const before = await drift.release(cell.releasePrefix);
    const isLive =
      cell.isOnTime &&
      cell.folded === 0 &&
      cell.startMs > (before?.judgedMs ?? Number.NEGATIVE_INFINITY);
    const change = isLive ? this.#change({ cell, release, before, ...judged }) : null;
    return drift.commit({ cell, rollups, change });
  }

  /** What follows for the alerts from a cell that is judged as it came. */
  #change({ cell, release, before, verdicts, culprits }: JudgedCell): AlertsChange {
    const states = statesOf(before);
    const isProvisional = release.profile?.reference.provisional === true;
    const advanced = advanceAlerts({
      release: release.record.release,
      verdicts,
      states,
      suppressionOf: () => (isProvisional ? "provisional" : null),
      isHistorical: false,
    });
    const alerts = changesOf(advanced, { states, release, culprits });
    const told = alertNotices(alerts, {
      atMs: this.#ports.clock.nowMs(),
      cellStartMs: cell.startMs,
      releasePrefix: cell.releasePrefix,
      memory: before?.memory ?? { alerts: [], notifiedAtMs: [], heldBack: 0 },
    });
    return {
      release: {
        releasePrefix: cell.releasePrefix,
        version: (before?.version ?? 0) + 1,
        judgedMs: cell.startMs,
        memory: { ...told.memory, alerts: remembered(states, advanced.next) },
      },
      ...{ alerts, audit: told.audit, events: told.events },
    };
  }
}

interface JudgedCell {
  readonly cell: DirtyCell;
  readonly release: ProfiledRelease;
  readonly before: DriftRelease | undefined;
  readonly verdicts: readonly Verdict[];
  readonly culprits: readonly DriftCulprit[];
}

function withVerdicts(rollup: CellRollup, verdicts: readonly Verdict[]): CellRollup {
  return { ...rollup, verdicts: verdicts.filter(({ cohort }) => cohort === rollup.cohort) };
}

interface ChangeContext {
  readonly states: States;
  readonly release: ProfiledRelease;
  readonly culprits: readonly DriftCulprit[];
}

function changesOf(
  { next, transitions }: AdvancedAlerts,
  { states, release, culprits }: ChangeContext,
): readonly ChangedAlert[] {
  const signals = release.profile === null ? [] : signalsOf(release.profile.reference);
  return transitions.map((transition) => {
    const key = alertKey(transition.subject.cohort, transition.subject.signal);
    const before = states.get(key) ?? unheardAlert;
    const moment = { before, after: next.get(key) ?? before };
    const around = { release, signals, by: null, note: null, devices: [] };
    return changedAlert(transition, moment, { ...around, culprits });
  });
}
