import type { Alert, DeviceId, SuppressionCause } from "@modelfleet/protocol";
import type {
  AlertState,
  AlertTransition,
  Episode,
} from "../../domain/drift/alerts/alert-state.ts";
import type { DeviceSearch } from "../../domain/drift/attribution/find-outliers.ts";
import type { Culprit } from "../../domain/drift/attribution/rank-culprits.ts";
import type { Signal } from "../../domain/drift/signal.ts";
import type { Verdict } from "../../domain/drift/verdict.ts";
import type { ChangedAlert } from "../../ports/drift-store.ts";
import type { ProfiledRelease } from "../release/release-profiles.ts";
import { verdictView } from "./verdict-view.ts";

export interface AlertSurroundings {
  readonly release: ProfiledRelease;
  readonly signals: readonly Signal[];
  readonly culprits: readonly Culprit[];
  /** null: not looked for. */
  readonly devices: DeviceSearch<DeviceId> | null;
  /** Of a suppression that is somebody's doing. */
  readonly suppressedBy: SuppressionCause | null;
}

/** What is kept of a change for ever: the alert as it is then, and what the change rests on. */
export function changedAlert(
  transition: AlertTransition,
  { before, after }: { readonly before: AlertState; readonly after: AlertState },
  around: AlertSurroundings,
): ChangedAlert {
  const { id, from, to, atMs, severity, suppression, notice, evidence } = transition;
  const { culprits, devices, signals, suppressedBy } = around;
  return {
    alert: alertOf(transition, episodeOf(after) ?? episodeOf(before), around),
    change: {
      ...{ id, atMs, from, to, severity, suppression, notice, by: null, note: null },
      suppressedBy,
      evidence: evidence === null ? null : verdictView(evidence, signals),
      culprits: [...culprits],
      devices: [...(devices?.outliers ?? [])],
      cause: devices?.cause ?? null,
    },
  };
}

function alertOf(
  { id, subject, to, atMs, severity, suppression, evidence }: AlertTransition,
  episode: Episode | undefined,
  { release: { record } }: AlertSurroundings,
): Omit<Alert, "version"> {
  const { model, version } = record.document;
  const isOver = to === "OK" || to === "INSUFFICIENT_DATA";
  return {
    ...{ id, model, modelVersion: version, release: record.release },
    ...{ cohort: subject.cohort, signal: subject.signal, state: to, suppression },
    severity: severity ?? "warning",
    startedAtMs: episode?.startedAtMs ?? atMs,
    changedAtMs: atMs,
    endedAtMs: isOver ? atMs : null,
    ackedBy: episode?.ackedBy ?? null,
    ...figuresOf(evidence),
  };
}

function episodeOf(state: AlertState): Episode | undefined {
  return "episode" in state ? state.episode : undefined;
}

/** What was measured, and what it may be. */
export function figuresOf(verdict: Verdict | null): {
  readonly value: number | null;
  readonly limit: number | null;
} {
  switch (verdict?.kind) {
    case "distribution":
      return { value: verdict.psi, limit: verdict.threshold.warn };
    case "rate":
      return { value: verdict.value, limit: verdict.limit };
    case "quality":
    case undefined:
      return { value: null, limit: null };
  }
}
