import { type Alert, type AlertChange, digest8 } from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import { acknowledgeAlert } from "../../domain/drift/alerts/acknowledge-alert.ts";
import { alertKey } from "../../domain/drift/alerts/advance-alerts.ts";
import type { AlertState, OpenState } from "../../domain/drift/alerts/alert-state.ts";
import { type CohortKey, labelsOfCohort } from "../../domain/drift/cohort-key.ts";
import type { SignalId } from "../../domain/drift/signal.ts";
import { AlertError } from "../../domain/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type {
  AlertStore,
  AlertsChange,
  DriftRelease,
  DriftStore,
} from "../../ports/drift-store.ts";
import { requireRight } from "../access/require-right.ts";
import { seenAlert } from "./known-alert.ts";
import { remembered, statesOf } from "./remembered-states.ts";

export interface AcknowledgeRequest {
  readonly id: string;
  readonly note: string;
  /** The version the caller has seen; undefined: whatever it is. */
  readonly ifVersion: number | undefined;
  readonly caller: Principal;
}

export interface AcknowledgePorts {
  readonly clock: Clock;
  readonly drift: DriftStore & AlertStore;
}

/** Somebody takes an alert: it stays open, is theirs, and is told again only when it gets worse or ends. */
export class AcknowledgeAlert {
  readonly #ports: AcknowledgePorts;

  constructor(ports: AcknowledgePorts) {
    this.#ports = ports;
  }

  /**
   * @throws NotFoundError ALERT_UNKNOWN; AccessError NOT_PERMITTED
   * @throws AlertError STALE | ALERT_STATE when it is over | BUSY
   */
  async run(request: AcknowledgeRequest): Promise<Alert> {
    const { drift } = this.#ports;
    const { id, caller, ifVersion } = request;
    const alert = await seenAlert(drift, id, caller);
    const labels = labelsOfCohort(alert.cohort);
    requireRight(caller, { action: "alert.ack", model: alert.model, labels });
    if (ifVersion !== undefined && ifVersion !== alert.version) throw stale(alert);
    if (alert.endedAtMs !== null) throw over(alert);
    if (alert.ackedBy === caller.id) return alert;
    const release = await drift.release(digest8(alert.release));
    const state = release && openState(release, alert);
    if (release === undefined || state === undefined) throw over(alert);
    const change = this.#change(request, alert, { release, state });
    if (!(await drift.changeAlerts(change))) throw busy();
    return seenAlert(drift, id, caller);
  }

  #change(
    { note, caller }: AcknowledgeRequest,
    alert: Alert,
    { release, state }: { readonly release: DriftRelease; readonly state: OpenState },
  ): AlertsChange {
    const atMs = this.#ports.clock.nowMs();
    const subject = subjectOf(alert);
    const { next } = acknowledgeAlert(state, { by: caller.id, subject, atMs });
    const taken = { ...alert, state: next.kind, ackedBy: caller.id, changedAtMs: atMs };
    const states = statesOf(release);
    const nextStates = new Map([[alertKey(subject.cohort, subject.signal), next]]);
    const memory = { ...release.memory, alerts: remembered(states, nextStates) };
    return {
      release: { ...release, version: release.version + 1, memory },
      alerts: [{ alert: taken, change: changeOf(alert, next, { by: caller.id, note, atMs }) }],
      audit: [
        {
          ...{ atMs, actor: caller.id, action: "alert.acked", subject: `alert:${alert.id}` },
          detail: { model: alert.model, cohort: alert.cohort, signal: alert.signal, note },
        },
      ],
      events: [
        {
          id: `alert-${alert.id}-acked-${alert.version + 1}`,
          ...{ type: "modelfleet.alert.acked", subject: `alert:${alert.id}`, atMs },
          data: { by: caller.id, model: alert.model, cohort: alert.cohort, signal: alert.signal },
        },
      ],
    };
  }
}

function subjectOf({ release, cohort, signal }: Alert) {
  // As they were when the alert was stored.
  return { release, cohort: cohort as CohortKey, signal: signal as SignalId };
}

/** undefined when the episode is over, also when another one has begun. */
function openState(release: DriftRelease, alert: Alert): OpenState | undefined {
  const { cohort, signal } = subjectOf(alert);
  const state = statesOf(release).get(alertKey(cohort, signal));
  if (state === undefined || !("episode" in state)) return undefined;
  return state.episode.id === alert.id ? state : undefined;
}

function changeOf(
  { id, state, severity, suppression }: Alert,
  next: AlertState,
  act: { readonly by: string; readonly note: string; readonly atMs: number },
): AlertChange {
  return {
    ...{ id, from: state, to: next.kind, severity, suppression, notice: null },
    ...{ atMs: act.atMs, by: act.by, note: act.note === "" ? null : act.note },
    ...{ suppressedBy: null, evidence: null, culprits: [], devices: [], cause: null },
  };
}

function stale({ version }: Alert): AlertError {
  return new AlertError(
    "STALE",
    `expected the version of the alert as it is now, ${version}: look at it again, then decide`,
  );
}

function over({ state, endedAtMs }: Alert): AlertError {
  const since = endedAtMs === null ? "" : ` since ${new Date(endedAtMs).toISOString()}`;
  return new AlertError(
    "ALERT_STATE",
    `expected an alert that is open, this one is over (${state}${since}): see modelfleet alert list`,
  );
}

function busy(): AlertError {
  return new AlertError("BUSY", "the alert has changed meanwhile: try again");
}
