import {
  type DeviceId,
  openDevicePayloadInPool,
  parseDeviceMessage,
  type ReportMessage,
  VerifyError,
} from "@modelfleet/protocol";
import { MessageRefused } from "../../domain/errors.ts";
import { readPlace } from "../../domain/ingest/read-place.ts";
import type { SenderRecord } from "../../ports/fleet-store.ts";
import type { IngestOutcome } from "./ingest-outcome.ts";
import { type IngestPorts, inOrder, storeThenAck } from "./ingest-ports.ts";
import { refuseMessage } from "./refuse-message.ts";
import { checkOwner, reporter } from "./sender.ts";

/**
 * Takes in what a device says it did. Rules:
 *
 * 1. Signed by that device's key, and about that device; else refused, counted and not acknowledged. It blocks
 *    nothing: acks are cumulative, so the ack of the next good message covers it.
 * 2. Signed by that device and not readable (a newer agent, a defect): refused, counted, and acknowledged where its
 *    place can be read. It would be as unreadable the next time, and reports are never dropped by the device.
 * 3. Not newer than the newest applied one: a duplicate, acknowledged again.
 * 4. Committed, then acknowledged.
 */
export class IngestReport {
  readonly #ports: IngestPorts;

  constructor(ports: IngestPorts) {
    this.#ports = ports;
  }

  /** @throws StoreError after sending the device away */
  run(device: DeviceId, payload: Uint8Array): Promise<IngestOutcome> {
    const from = { device, stream: "report" } as const;
    return refuseMessage(this.#ports.refusals, from, () =>
      inOrder(this.#ports, from, () => this.#take(device, payload)),
    );
  }

  async #take(id: DeviceId, payload: Uint8Array): Promise<IngestOutcome> {
    const device = await reporter(this.#ports.fleet, id);
    const report = await this.#open(device, payload);
    const { boot, seq, behind, desiredSeq, items, slots, dropped } = report;
    const where = { device: id, stream: "report", place: { boot, seq, behind } } as const;
    const outcome = await storeThenAck(this.#ports, where, () =>
      this.#ports.fleet.recordReport(id, {
        boot,
        seq,
        atMs: this.#ports.clock.nowMs(),
        reportedSeq: desiredSeq,
        items,
        slots,
        dropped,
      }),
    );
    if (outcome.kind === "stored") {
      for (const rollout of outcome.rollouts) this.#ports.wake(rollout);
      await this.#ports.watch.look(device, "report", slots);
    }
    return { kind: outcome.kind };
  }

  async #open(device: SenderRecord, envelope: Uint8Array): Promise<ReportMessage> {
    const payload = await this.#verified(device, envelope);
    try {
      const report = parseDeviceMessage("report", payload);
      checkOwner(report, device.id);
      return report;
    } catch (error) {
      if (error instanceof VerifyError || error instanceof MessageRefused) {
        this.#passOver(device, payload);
      }
      throw error;
    }
  }

  /** Rule 1. */
  async #verified({ id, publicKey }: SenderRecord, envelope: Uint8Array): Promise<Uint8Array> {
    try {
      return await openDevicePayloadInPool(envelope, "report", publicKey);
    } catch (error) {
      this.#ports.acks.unplaced(id, "report");
      throw error;
    }
  }

  /** Rule 2. */
  #passOver({ id }: SenderRecord, payload: Uint8Array): void {
    const place = readPlace(payload, id);
    if (place !== undefined) this.#ports.acks.committed(id, "report", place);
    else this.#ports.acks.unplaced(id, "report");
  }
}
