import {
  type DeviceId,
  decodeBatch,
  FormatError,
  openSignedBatch,
  readBatchPlace,
  type TelemetryBatch,
} from "@modelfleet/protocol";
import type { TelemetryCounts } from "../../domain/metrics/fleet-metrics.ts";
import type { SenderRecord } from "../../ports/fleet-store.ts";
import type { TelemetryStore } from "../../ports/telemetry-store.ts";
import type { IngestOutcome } from "./ingest-outcome.ts";
import { type IngestPorts, inOrder, storeThenAck } from "./ingest-ports.ts";
import { refuseMessage } from "./refuse-message.ts";
import { checkOwner, reporter } from "./sender.ts";
import { type SortBatchPorts, type SortedBatch, sortBatch } from "./sort-batch.ts";

export interface IngestTelemetryPorts extends IngestPorts, SortBatchPorts {
  readonly telemetry: TelemetryStore;
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
  readonly #counts = {
    batches: { stored: 0, duplicate: 0 },
    windows: { stored: 0, quarantined: 0 },
  };

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

  /** Since it was made. */
  counts(): TelemetryCounts {
    return this.#counts;
  }

  async #take(id: DeviceId, frame: Uint8Array): Promise<IngestOutcome> {
    const device = await reporter(this.#ports.fleet, id);
    const batch = this.#open(device, frame);
    const { boot, seq, dropped } = batch;
    const where = { device: id, stream: "tele", place: { boot, seq } } as const;
    const kind = await storeThenAck(this.#ports, where, async () => {
      const receivedAtMs = this.#ports.clock.nowMs();
      // Rules 3 and 4.
      const sorted = await sortBatch(this.#ports, id, { batch, receivedAtMs });
      const { era } = device;
      const kind = await this.#ports.telemetry.add({
        ...{ device: id, era, boot, seq, dropped, receivedAtMs },
        ...sorted,
      });
      this.#count(kind, sorted);
      return kind;
    });
    return { kind };
  }

  #count(kind: "stored" | "duplicate", { windows, quarantined }: SortedBatch): void {
    this.#counts.batches[kind] += 1;
    if (kind === "duplicate") return;
    this.#counts.windows.stored += windows.length;
    this.#counts.windows.quarantined += quarantined.length;
  }

  #open(device: SenderRecord, frame: Uint8Array): TelemetryBatch {
    let bytes: Uint8Array | undefined;
    try {
      bytes = openSignedBatch(device.publicKey, frame);
      const batch = decodeBatch(bytes);
      checkOwner(batch, device.id);
      return batch;
    } catch (error) {
      this.#passOver(device, error instanceof FormatError ? bytes : undefined);
      throw error;
    }
  }

  /** Rules 1 and 2. */
  #passOver({ id }: SenderRecord, signed: Uint8Array | undefined): void {
    const place = signed && readBatchPlace(signed);
    if (place?.device === id) this.#ports.acks.committed(id, "tele", place);
    else this.#ports.acks.unplaced(id, "tele");
  }
}
