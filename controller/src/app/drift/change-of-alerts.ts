import { type DeviceId, driftPipelineLimits } from "@modelfleet/protocol";
import { unheardAlert } from "../../domain/drift/alerts/advance-alert.ts";
import {
  type AdvancedAlerts,
  advanceAlerts,
  alertKey,
} from "../../domain/drift/alerts/advance-alerts.ts";
import type { AlertTransition } from "../../domain/drift/alerts/alert-state.ts";
import { type LostAlerts, lostAlerts } from "../../domain/drift/alerts/lost-alerts.ts";
import { suppressionCause, type Unrest } from "../../domain/drift/alerts/suppression-cause.ts";
import type { DeviceSearch } from "../../domain/drift/attribution/find-outliers.ts";
import { signalsOf } from "../../domain/drift/signals-of.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AlertsChange, ChangedAlert, DriftRelease } from "../../ports/drift-store.ts";
import { alertNotices } from "./alert-notices.ts";
import { cellUnrest, type UnrestCell, type UnrestPorts } from "./cell-unrest.ts";
import { changedAlert } from "./changed-alerts.ts";
import type { FoldPorts } from "./fold-cell.ts";
import { remembered, type States, statesOf } from "./remembered-states.ts";
import { suspectDevices } from "./suspect-devices.ts";
import type { CellVerdicts } from "./verdicts-of.ts";

export interface ChangeOfAlertsPorts extends UnrestPorts {
  readonly clock: Clock;
}

export interface JudgedCell extends CellVerdicts, UnrestCell {
  readonly before: DriftRelease | undefined;
}

/** What follows for the alerts from a cell that is judged as it came. Nothing is stored here. */
export async function changeOfAlerts(
  ports: ChangeOfAlertsPorts,
  judged: JudgedCell,
): Promise<AlertsChange> {
  const { cell, release, before, verdicts } = judged;
  const states = statesOf(before);
  const isProvisional = release.profile?.reference.provisional === true;
  const unrest = await cellUnrest(ports, judged);
  const advanced = advanceAlerts({
    release: release.record.release,
    verdicts,
    states,
    suppressionOf: (verdict) =>
      isProvisional ? "provisional" : (suppressionCause(verdict, unrest)?.kind ?? null),
    isHistorical: false,
  });
  const lost = lostAlerts({
    release: release.record.release,
    ...{ states, heard: new Set(verdicts.map(({ cohort, signal }) => alertKey(cohort, signal))) },
    ...{ cellStartMs: cell.startMs, untilMs: cell.startMs + cell.lengthMs },
  });
  const suspects = await suspectsOf(ports, judged, advanced.transitions);
  const alerts = [
    ...changesOf(judged, advanced, { states, suspects, unrest }),
    ...changesOf(judged, lostOf(lost), { states, suspects, unrest }),
  ];
  const told = alertNotices(alerts, {
    atMs: ports.clock.nowMs(),
    cellStartMs: cell.startMs,
    releasePrefix: cell.releasePrefix,
    memory: before?.memory ?? { alerts: [], notifiedAtMs: [], heldBack: 0 },
  });
  return {
    release: {
      releasePrefix: cell.releasePrefix,
      version: (before?.version ?? 0) + 1,
      judgedMs: cell.startMs,
      memory: { ...told.memory, alerts: remembered(states, advanced.next, lost.gone) },
    },
    ...{ alerts, audit: told.audit, events: told.events },
  };
}

function lostOf({ gone, transitions }: LostAlerts): AdvancedAlerts {
  return { next: new Map(Array.from(gone, (key) => [key, unheardAlert])), transitions };
}

type Suspects = ReadonlyMap<AlertTransition, DeviceSearch<DeviceId>>;

/** Of the strongest new alerts about a distribution, for it costs another look at every window of the cell. */
async function suspectsOf(
  ports: FoldPorts,
  { cell, release }: JudgedCell,
  transitions: readonly AlertTransition[],
): Promise<Suspects> {
  const suspects = new Map<AlertTransition, DeviceSearch<DeviceId>>();
  if (release.profile === null) return suspects;
  const signals = signalsOf(release.profile.reference);
  const levelOf = ({ evidence }: AlertTransition) => evidence?.level ?? 0;
  const fired = transitions
    .filter(({ notice, evidence }) => notice === "fired" && evidence?.kind === "distribution")
    .toSorted((left, right) => levelOf(right) - levelOf(left));
  for (const transition of fired.slice(0, driftPipelineLimits.suspectedAlertsMax)) {
    const { evidence: verdict } = transition;
    const signal = signals.find(({ id }) => id === verdict?.signal);
    if (verdict?.kind !== "distribution" || signal === undefined) continue;
    suspects.set(transition, await suspectDevices(ports, { cell, verdict, signal }));
  }
  return suspects;
}

interface Surroundings {
  readonly states: States;
  readonly suspects: Suspects;
  readonly unrest: Unrest;
}

function changesOf(
  { release, culprits }: JudgedCell,
  { next, transitions }: AdvancedAlerts,
  { states, suspects, unrest }: Surroundings,
): readonly ChangedAlert[] {
  const signals = release.profile === null ? [] : signalsOf(release.profile.reference);
  return transitions.map((transition) => {
    const key = alertKey(transition.subject.cohort, transition.subject.signal);
    const before = states.get(key) ?? unheardAlert;
    const moment = { before, after: next.get(key) ?? before };
    const devices = suspects.get(transition) ?? null;
    const cause = transition.evidence && suppressionCause(transition.evidence, unrest);
    const suppressedBy = cause?.kind === transition.suppression ? cause : null;
    return changedAlert(transition, moment, { release, signals, culprits, devices, suppressedBy });
  });
}
