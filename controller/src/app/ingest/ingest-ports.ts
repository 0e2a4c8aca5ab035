import type { DeviceId } from "@modelfleet/protocol";
import type { Place } from "../../domain/ingest/ack-ledger.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DeviceBus } from "../../ports/device-bus.ts";
import type { FleetStore } from "../../ports/fleet-store.ts";
import type { AckSender } from "./ack-sender.ts";
import type { DeviceOrder } from "./device-order.ts";
import type { RefusalCounts } from "./refusal-counts.ts";

export interface IngestPorts {
  readonly acks: AckSender;
  readonly bus: DeviceBus;
  readonly clock: Clock;
  readonly fleet: FleetStore;
  readonly order: DeviceOrder;
  readonly refusals: RefusalCounts;
}

/** One message's place in its stream of one device. */
export interface StreamPlace {
  readonly device: DeviceId;
  readonly stream: "report" | "tele";
  readonly place: Place;
}

/**
 * Stores a message and then acknowledges it, in this order. When it cannot be stored, nothing from it on is
 * acknowledged and the device is sent away: it comes back with back-off and sends again.
 */
export async function storeThenAck<T>(
  ports: Pick<IngestPorts, "acks" | "bus">,
  { device, stream, place }: StreamPlace,
  store: () => Promise<T>,
): Promise<T> {
  try {
    const outcome = await store();
    ports.acks.committed(device, stream, place);
    return outcome;
  } catch (error) {
    ports.acks.failed(device, stream, place);
    await ports.bus.disconnect(device);
    throw error;
  }
}
