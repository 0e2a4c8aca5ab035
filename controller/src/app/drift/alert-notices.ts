import { driftLimits, type EventType } from "@modelfleet/protocol";
import { systemPrincipal } from "../../domain/access/principal.ts";
import type { AuditEntry } from "../../domain/audit/audit-entry.ts";
import type { JsonObject, OutgoingEvent } from "../../domain/events/outgoing-event.ts";
import type { ChangedAlert, DriftMemory } from "../../ports/drift-store.ts";

export interface NoticeContext {
  readonly atMs: number;
  readonly cellStartMs: number;
  readonly releasePrefix: string;
  readonly memory: DriftMemory;
}

export interface AlertNotices {
  readonly events: readonly OutgoingEvent[];
  readonly audit: readonly AuditEntry[];
  /** With what was told and what was held back. */
  readonly memory: DriftMemory;
}

type Notice = NonNullable<ChangedAlert["change"]["notice"]>;

/** In the order in which they are told. */
const types: Readonly<Record<Notice, EventType>> = {
  worse: "modelfleet.alert.firing",
  fired: "modelfleet.alert.firing",
  lost: "modelfleet.alert.recovered",
  resolved: "modelfleet.alert.recovered",
};

const HOUR_MS = 3_600_000;

/**
 * What people are told of the alerts of one cell:
 *
 * 1. One event for all that fired, one for all that ended, however many cohorts there are. It names the first
 *    `alertsPerNotificationMax` and counts the others.
 * 2. At most `notificationsPerHourMax` an hour; what is held back is counted in the next one, and stands in the record.
 * 3. An event is named by its release, cell and kind: who makes it again makes the same.
 */
export function alertNotices(
  alerts: readonly ChangedAlert[],
  { atMs, cellStartMs, releasePrefix, memory }: NoticeContext,
): AlertNotices {
  const events: OutgoingEvent[] = [];
  let { heldBack } = memory;
  // What was told after now was told by a clock that has been set back since: it would silence whole days.
  const notifiedAtMs = memory.notifiedAtMs.filter(
    (toldAtMs) => toldAtMs > atMs - HOUR_MS && toldAtMs <= atMs,
  );
  for (const notice of Object.keys(types) as Notice[]) {
    const told = alerts.filter(({ change }) => change.notice === notice);
    if (told.length === 0) continue;
    if (notifiedAtMs.length >= driftLimits.notificationsPerHourMax) {
      heldBack += told.length;
      continue;
    }
    const id = `alert-${releasePrefix}-${cellStartMs}-${notice}`;
    const data = { notice, ...dataOf(told), heldBack };
    events.push({ id, type: types[notice], subject: subjectOf(told), atMs, data });
    notifiedAtMs.push(atMs);
    heldBack = 0;
  }
  const audit = alerts.filter(({ change }) => change.notice !== null).map(auditOf(atMs));
  return { events, audit, memory: { ...memory, notifiedAtMs, heldBack } };
}

function subjectOf([first]: readonly ChangedAlert[]): string {
  return `alert:${first?.alert.id ?? ""}`;
}

function dataOf(told: readonly ChangedAlert[]): JsonObject {
  const [first] = told;
  return {
    model: first?.alert.model ?? "",
    modelVersion: first?.alert.modelVersion ?? "",
    release: first?.alert.release ?? "",
    count: told.length,
    alerts: strongestFirst(told).slice(0, driftLimits.alertsPerNotificationMax).map(shortOf),
    culprits: (first?.change.culprits ?? []).slice(0, driftLimits.alertsPerNotificationMax),
  };
}

function strongestFirst(told: readonly ChangedAlert[]): readonly ChangedAlert[] {
  const levelOf = ({ change }: ChangedAlert) => change.evidence?.level ?? 0;
  return told.toSorted((left, right) => levelOf(right) - levelOf(left));
}

function shortOf({ alert, change }: ChangedAlert): JsonObject {
  const { id, cohort, signal, state, severity, value, limit, startedAtMs } = alert;
  const items = change.evidence?.items ?? 0;
  return { id, cohort, signal, state, severity, value, limit, startedAtMs, items };
}

const verbs: Readonly<Record<Notice, string>> = {
  fired: "alert.fired",
  worse: "alert.worsened",
  lost: "alert.lost",
  resolved: "alert.resolved",
};

function auditOf(atMs: number) {
  return ({ alert, change }: ChangedAlert): AuditEntry => ({
    atMs,
    actor: systemPrincipal.id,
    action: verbs[change.notice ?? "fired"],
    subject: `alert:${alert.id}`,
    detail: {
      ...{ model: alert.model, version: alert.modelVersion, cohort: alert.cohort },
      ...{ signal: alert.signal, severity: alert.severity, cellMs: change.atMs },
      ...{ value: alert.value, limit: alert.limit },
    },
  });
}
