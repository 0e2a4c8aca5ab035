import {
  type DeviceId,
  decodeBatch,
  encodeWindow,
  FormatError,
  openSignedBatch,
  readBatchPlace,
  type TelemetryBatch,
  type TelemetryWindow,
  telemetryLimits,
} from "@modelfleet/protocol";
import { checkWindow } from "../../domain/telemetry/check-window.ts";
import { cellOf, dueMs } from "../../domain/telemetry/drift-cell.ts";
import type { WindowRefusal } from "../../domain/telemetry/window-verdict.ts";
import type { SenderRecord } from "../../ports/fleet-store.ts";
import type {
  QuarantinedWindow,
  QuarantineReason,
  StoredWindow,
  TelemetryStore,
} from "../../ports/telemetry-store.ts";
import type { ReleaseProfiles } from "../release/release-profiles.ts";
import type { IngestOutcome } from "./ingest-outcome.ts";
import { type IngestPorts, inOrder, storeThenAck } from "./ingest-ports.ts";
import type { Refusal } from "./refusal-counts.ts";
import { refuseMessage } from "./refuse-message.ts";
import { checkOwner, reporter } from "./sender.ts";

export interface IngestTelemetryPorts extends IngestPorts {
  readonly profiles: ReleaseProfiles;
  readonly telemetry: TelemetryStore;
  /** Length of a cell in which windows of many devices are judged together; `windowMsDefault` when left out. */
  readonly driftWindowMs?: number;
}

interface SortedWindows {
  readonly windows: StoredWindow[];
  readonly quarantined: QuarantinedWindow[];
}

/**
 * Takes in windows of telemetry. Rules:
 *
 * 1. Not signed by that device's key: refused, counted, not acknowledged; the ack of the next good batch covers it.
 * 2. Signed and not usable as a whole: refused, counted, and acknowledged where its place can be read, or it would
 *    stop the stream for ever.
 * 3. A window that contradicts itself, its profile or the clock is counted and left out; the others are kept.
 * 4. One of a release nobody has published, or of another profile than its release's, is counted and kept apart: it may
 *    be the controller that is wrong.
 * 5. (device, era, boot, seq) decides about a duplicate before anything adds up.
 * 6. Committed, then acknowledged. The same commit says which cells have more than was judged.
 */
export class IngestTelemetry {
  readonly #ports: IngestTelemetryPorts;

  constructor(ports: IngestTelemetryPorts) {
    this.#ports = ports;
  }

  /** @throws StoreError after sending the device away */
  run(device: DeviceId, frame: Uint8Array): Promise<IngestOutcome> {
    const from = { device, stream: "tele" } as const;
    return refuseMessage(this.#ports.refusals, from, () =>
      inOrder(this.#ports, from, () => this.#take(device, frame)),
    );
  }

  async #take(id: DeviceId, frame: Uint8Array): Promise<IngestOutcome> {
    const device = await reporter(this.#ports.fleet, id);
    const bytes = openSignedBatch(device.publicKey, frame);
    const batch = this.#decode(device, bytes);
    checkOwner(batch, id);
    const { boot, seq, dropped } = batch;
    const where = { device: id, stream: "tele", place: { boot, seq } } as const;
    const kind = await storeThenAck(this.#ports, where, async () => {
      const receivedAtMs = this.#ports.clock.nowMs();
      const sorted = await this.#sort(id, batch.windows, receivedAtMs);
      const { era } = device;
      return this.#ports.telemetry.add({
        ...{ device: id, era, boot, seq, dropped, receivedAtMs },
        ...sorted,
      });
    });
    return { kind };
  }

  /** Rule 2. */
  #decode(device: SenderRecord, bytes: Uint8Array): TelemetryBatch {
    try {
      return decodeBatch(bytes);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      const place = readBatchPlace(bytes);
      if (place?.device === device.id) this.#ports.acks.committed(device.id, "tele", place);
      throw error;
    }
  }

  /** Rules 3 and 4. */
  async #sort(
    device: DeviceId,
    windows: readonly TelemetryWindow[],
    receivedAtMs: number,
  ): Promise<SortedWindows> {
    const sorted: SortedWindows = { windows: [], quarantined: [] };
    for (const window of windows) {
      const refusal = await this.#refusal(window, receivedAtMs);
      if (refusal === undefined) {
        sorted.windows.push(this.#stored(window, receivedAtMs));
        continue;
      }
      this.#ports.refusals.count(device, "tele", refusal);
      if (isQuarantined(refusal)) sorted.quarantined.push(apart(window, refusal.kind));
    }
    return sorted;
  }

  async #refusal(
    window: TelemetryWindow,
    receivedAtMs: number,
  ): Promise<WindowRefused | undefined> {
    const release = await this.#ports.profiles.find(window.release);
    if (release === undefined) {
      const reason = `expected a release of this fleet, got ${window.release}`;
      return { kind: "RELEASE", code: "WINDOW_RELEASE", reason };
    }
    const verdict = checkWindow(window, { profile: release.profile, receivedAtMs });
    if (verdict.kind !== "refused") return undefined;
    return { kind: verdict.reason, code: `WINDOW_${verdict.reason}`, reason: verdict.detail };
  }

  #stored(window: TelemetryWindow, receivedAtMs: number): StoredWindow {
    const { slot, release, startMs, durationMs } = window;
    const { driftWindowMs = telemetryLimits.windowMsDefault } = this.#ports;
    const cell = cellOf(startMs, driftWindowMs);
    const isOnTime = !window.historical && receivedAtMs <= dueMs(cell);
    return {
      ...{ slot, releasePrefix: release, startMs, durationMs, bytes: encodeWindow(window) },
      cell: { ...cell, isOnTime },
    };
  }
}

interface WindowRefused extends Refusal {
  readonly kind: WindowRefusal | "RELEASE";
}

function isQuarantined(
  refusal: WindowRefused,
): refusal is WindowRefused & { readonly kind: QuarantineReason } {
  return refusal.kind === "RELEASE" || refusal.kind === "PROFILE";
}

function apart(window: TelemetryWindow, reason: QuarantineReason): QuarantinedWindow {
  const { release, profile } = window;
  return {
    ...{ reason, releasePrefix: release, profilePrefix: profile },
    bytes: encodeWindow(window),
  };
}
