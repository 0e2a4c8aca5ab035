import {
  type DeviceId,
  decodeBatch,
  encodeWindow,
  FormatError,
  openSignedBatch,
  readBatchPlace,
  type TelemetryBatch,
  type TelemetryWindow,
} from "@modelfleet/protocol";
import { checkWindow } from "../../domain/telemetry/check-window.ts";
import type { SenderRecord } from "../../ports/fleet-store.ts";
import type { TelemetryBatchRecord, TelemetryStore } from "../../ports/telemetry-store.ts";
import type { ReleaseProfiles } from "../release/release-profiles.ts";
import type { IngestOutcome } from "./ingest-outcome.ts";
import { type IngestPorts, inOrder, storeThenAck } from "./ingest-ports.ts";
import { refuseMessage } from "./refuse-message.ts";
import { checkOwner, reporter } from "./sender.ts";

export interface IngestTelemetryPorts extends IngestPorts {
  readonly profiles: ReleaseProfiles;
  readonly telemetry: TelemetryStore;
}

type StoredWindow = TelemetryBatchRecord["windows"][number];

/**
 * Takes in windows of telemetry. Rules:
 *
 * 1. Not signed by that device's key: refused, counted, not acknowledged; the ack of the next good batch covers it.
 * 2. Signed and not usable as a whole: refused, counted, and acknowledged where its place can be read, or it would
 *    stop the stream for ever.
 * 3. A window that contradicts itself, its profile or the clock is counted and left out; the others are kept.
 * 4. (device, era, boot, seq) decides about a duplicate before anything adds up.
 * 5. Committed, then acknowledged.
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
      const windows = await this.#usable(id, batch.windows, receivedAtMs);
      const { era } = device;
      return this.#ports.telemetry.add({
        device: id,
        era,
        boot,
        seq,
        dropped,
        receivedAtMs,
        windows,
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

  /** Rule 3. */
  async #usable(
    device: DeviceId,
    windows: readonly TelemetryWindow[],
    receivedAtMs: number,
  ): Promise<readonly StoredWindow[]> {
    const usable: StoredWindow[] = [];
    for (const window of windows) {
      const refusal = await this.#refusal(window, receivedAtMs);
      if (refusal === undefined) usable.push(storedWindow(window));
      else this.#ports.refusals.count(device, "tele", refusal);
    }
    return usable;
  }

  async #refusal(window: TelemetryWindow, receivedAtMs: number) {
    const release = await this.#ports.profiles.find(window.release);
    if (release === undefined) {
      return {
        code: "WINDOW_RELEASE",
        reason: `expected a release of this fleet, got ${window.release}`,
      };
    }
    const verdict = checkWindow(window, { profile: release.profile, receivedAtMs });
    if (verdict.kind !== "refused") return undefined;
    return { code: `WINDOW_${verdict.reason}`, reason: verdict.detail };
  }
}

function storedWindow(window: TelemetryWindow): StoredWindow {
  const { slot, release, startMs, durationMs } = window;
  return { slot, releasePrefix: release, startMs, durationMs, bytes: encodeWindow(window) };
}
