import {
  type DeviceId,
  encodeWindow,
  type FeedbackWindow,
  type TelemetryBatch,
  type TelemetryWindow,
  telemetryLimits,
} from "@modelfleet/protocol";
import { checkWindow } from "../../domain/telemetry/check-window.ts";
import { cellOf, dueMs } from "../../domain/telemetry/drift-cell.ts";
import type { WindowRefusal } from "../../domain/telemetry/window-verdict.ts";
import type {
  DriftCell,
  QuarantinedWindow,
  QuarantineReason,
  StoredLabels,
  StoredWindow,
} from "../../ports/telemetry-store.ts";
import type { ProfiledRelease, ReleaseProfiles } from "../release/release-profiles.ts";
import type { Refusal, RefusalCounts } from "./refusal-counts.ts";

export interface SortBatchPorts {
  readonly profiles: ReleaseProfiles;
  readonly refusals: RefusalCounts;
  /** Length of a cell in which windows of many devices are judged together; `windowMsDefault` when left out. */
  readonly driftWindowMs?: number;
}

/** What becomes of the content of a batch. What is in none of these lists was counted as refused. */
export interface SortedBatch {
  readonly windows: readonly StoredWindow[];
  readonly labels: readonly StoredLabels[];
  readonly quarantined: readonly QuarantinedWindow[];
}

/** Holds each part of a batch against its release and gives it its cell. */
export async function sortBatch(
  ports: SortBatchPorts,
  device: DeviceId,
  { batch, receivedAtMs }: { readonly batch: TelemetryBatch; readonly receivedAtMs: number },
): Promise<SortedBatch> {
  const cellMs = ports.driftWindowMs ?? telemetryLimits.windowMsDefault;
  const sorted = {
    windows: [] as StoredWindow[],
    labels: [] as StoredLabels[],
    quarantined: [] as QuarantinedWindow[],
  };
  for (const window of batch.windows) {
    const refusal = windowRefusal(window, await ports.profiles.find(window.release), receivedAtMs);
    if (refusal === undefined) sorted.windows.push(storedWindow(window, { cellMs, receivedAtMs }));
    else ports.refusals.count(device, "tele", refusal);
    if (isQuarantined(refusal)) sorted.quarantined.push(apart(window, refusal.kind));
  }
  for (const labels of batch.feedback) {
    const refusal = labelsRefusal(labels, await ports.profiles.find(labels.release), receivedAtMs);
    if (refusal === undefined) sorted.labels.push(storedLabels(labels, { cellMs, receivedAtMs }));
    else ports.refusals.count(device, "tele", refusal);
  }
  return sorted;
}

export interface WindowRefused extends Refusal {
  readonly kind: WindowRefusal | "RELEASE";
}

/** Why a window is not stored; undefined: it is. */
export function windowRefusal(
  window: TelemetryWindow,
  release: ProfiledRelease | undefined,
  receivedAtMs: number,
): WindowRefused | undefined {
  if (release === undefined) {
    const reason = `expected a release of this fleet, got ${window.release}`;
    return { kind: "RELEASE", code: "WINDOW_RELEASE", reason };
  }
  const verdict = checkWindow(window, { profile: release.profile, receivedAtMs });
  if (verdict.kind !== "refused") return undefined;
  return { kind: verdict.reason, code: `WINDOW_${verdict.reason}`, reason: verdict.detail };
}

function labelsRefusal(
  { release: name, output, startMs }: FeedbackWindow,
  release: ProfiledRelease | undefined,
  receivedAtMs: number,
): Refusal | undefined {
  if (release === undefined) {
    return { code: "LABELS_RELEASE", reason: `expected a release of this fleet, got ${name}` };
  }
  const outputs = release.profile?.reference.outputs.length ?? 0;
  if (output >= outputs) {
    return { code: "LABELS_OUTPUT", reason: `expected an output below ${outputs}, got ${output}` };
  }
  const latestMs = receivedAtMs + telemetryLimits.windowAheadMsMax;
  if (startMs <= latestMs) return undefined;
  return { code: "LABELS_TIME", reason: `startMs: expected at most ${latestMs}, got ${startMs}` };
}

interface Received {
  readonly cellMs: number;
  readonly receivedAtMs: number;
}

/** A window with its cell. */
export function storedWindow(
  window: TelemetryWindow,
  { cellMs, receivedAtMs }: Received,
): StoredWindow & { readonly cell: DriftCell } {
  const { slot, release, startMs, durationMs, historical } = window;
  const cell = cellOf(startMs, cellMs);
  const isOnTime = !historical && receivedAtMs <= dueMs(cell);
  return {
    ...{ slot, releasePrefix: release, startMs, durationMs, bytes: encodeWindow(window) },
    cell: { ...cell, isOnTime },
  };
}

/** Labels are late by nature: what counts for the alarm is when they come. */
function storedLabels(labels: FeedbackWindow, { cellMs, receivedAtMs }: Received): StoredLabels {
  const { slot, release, startMs, durationMs, output, labelled, errors, drift } = labels;
  return {
    ...{ slot, releasePrefix: release, startMs, durationMs, output, labelled, errors },
    detectors: drift,
    cell: { ...cellOf(receivedAtMs, cellMs), isOnTime: true },
  };
}

function isQuarantined(
  refusal: WindowRefused | undefined,
): refusal is WindowRefused & { readonly kind: QuarantineReason } {
  return refusal?.kind === "RELEASE" || refusal?.kind === "PROFILE";
}

function apart(window: TelemetryWindow, reason: QuarantineReason): QuarantinedWindow {
  const { release, profile } = window;
  return { reason, releasePrefix: release, profilePrefix: profile, bytes: encodeWindow(window) };
}
