import type { DeviceId } from "@modelfleet/protocol";
import { MessageRefused } from "../../domain/errors.ts";
import type { ChainedPlace, Place } from "../../domain/ingest/ack-ledger.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DeviceBus } from "../../ports/device-bus.ts";
import type { FleetStore } from "../../ports/fleet-store.ts";
import type { AckSender } from "./ack-sender.ts";
import type { AssignmentWatch } from "./assignment-watch.ts";
import type { DeviceOrder } from "./device-order.ts";
import type { RefusalCounts } from "./refusal-counts.ts";

export interface IngestPorts {
  readonly acks: AckSender;
  readonly bus: DeviceBus;
  readonly clock: Clock;
  readonly fleet: FleetStore;
  readonly order: DeviceOrder;
  readonly refusals: RefusalCounts;
  /** Something of this rollout has changed. */
  readonly wake: (rollout: string) => void;
  readonly watch: AssignmentWatch;
}

/** One message's place in its stream of one device. */
export interface StreamPlace {
  readonly device: DeviceId;
  readonly stream: "report" | "tele";
  readonly place: ChainedPlace;
}

/** Every place of a stream lies behind it. */
const BEFORE_ALL: Place = { boot: -1, seq: -1 };

/**
 * Takes one message of a device at a time. One too many was not looked at and has no place: nothing of its stream is
 * taken until the device has come back and sends again.
 *
 * @throws MessageRefused BUSY
 */
export async function inOrder<T>(
  ports: Pick<IngestPorts, "acks" | "bus" | "order">,
  { device, stream }: Pick<StreamPlace, "device" | "stream">,
  take: () => Promise<T>,
): Promise<T> {
  try {
    return await ports.order.run(device, take);
  } catch (error) {
    const isOneTooMany = error instanceof MessageRefused && error.code === "BUSY";
    if (isOneTooMany) await sendAway(ports, { device, stream, place: BEFORE_ALL });
    throw error;
  }
}

/**
 * Stores a message and then acknowledges it, in this order. When it cannot be stored, nothing from it on is stored or
 * acknowledged and the device is sent away: it comes back with back-off and sends again.
 *
 * @throws MessageRefused EARLIER_MISSING
 */
export async function storeThenAck<T>(
  ports: Pick<IngestPorts, "acks" | "bus">,
  where: StreamPlace,
  store: () => Promise<T>,
): Promise<T> {
  const { device, stream, place } = where;
  await refuseOutOfOrder(ports, where);
  try {
    const outcome = await store();
    ports.acks.committed(device, stream, place);
    return outcome;
  } catch (error) {
    await sendAway(ports, { device, stream, place });
    throw error;
  }
}

/** Of reports none is applied behind a lost one: it would then be passed over as an older one. Telemetry is in no order. */
async function refuseOutOfOrder(
  ports: Pick<IngestPorts, "acks" | "bus">,
  where: StreamPlace,
): Promise<void> {
  const { device, stream, place } = where;
  const isBehind = ports.acks.isBehindHole(device, stream, place);
  const isAfterGap = stream === "report" && ports.acks.isAfterGap(device, stream, place);
  if (!isBehind && !isAfterGap) return;
  if (!isBehind) await sendAway(ports, where);
  // What asks it to come again may be lost too.
  else if (ports.bus.mayLose === true) await ports.bus.disconnect(device);
  throw new MessageRefused(
    "EARLIER_MISSING",
    `expected an earlier message of ${device} again before boot ${place.boot}, seq ${place.seq}`,
  );
}

async function sendAway(
  { acks, bus }: Pick<IngestPorts, "acks" | "bus">,
  { device, stream, place }: StreamPlace,
): Promise<void> {
  acks.failed(device, stream, place);
  await bus.disconnect(device);
}
