import {
  brokerAddress,
  busLimits,
  capPackets,
  localBusLimits,
  untilAccepted,
} from "@modelfleet/protocol";
import { connect, type IClientOptions, type MqttClient } from "mqtt";
import { BusError } from "../../domain/bus-error.ts";
import type { Clock } from "../../ports/clock.ts";
import { leaveNumbersUncached } from "./number-cache.ts";

export interface ClientOpening {
  readonly brokerUrl: string;
  readonly options: IClientOptions;
  /** Of an arriving packet, after its fixed header. A larger one ends the connection at its header. */
  readonly packetBytesMax: number;
  readonly clock: Pick<Clock, "monotonicMs">;
}

/** Each message on its way listens for the end of the connection, and so do we and MQTT.js, now and then. */
const LISTENERS_MAX = localBusLimits.inFlightMax + 16;

/**
 * One connection by a client of its own, which never comes back by itself: so nothing waits in the unbounded stores of
 * MQTT.js. What it cannot read ends the connection.
 *
 * Resolves when the broker has accepted the login; rejects with the reason otherwise.
 */
export async function openClient(opening: ClientOpening, signal: AbortSignal): Promise<MqttClient> {
  if (signal.aborted) throw new BusError("OFFLINE", "stopped before it began");
  leaveNumbersUncached();
  const client = connect({
    ...brokerAddress(opening.brokerUrl),
    clean: true,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    ...opening.options,
  });
  client.setMaxListeners(LISTENERS_MAX);
  capPackets(client, opening.packetBytesMax);
  takeTurns(client, opening.clock);
  const text = "the broker closed the connection before it accepted the login";
  await untilAccepted(client, { signal, unanswered: new LoginUnanswered("OFFLINE", text) });
  return client;
}

/** The broker closed the connection without a word. */
export class LoginUnanswered extends BusError {}

/** However many messages come at once, requests for inference are answered between them. */
function takeTurns(client: MqttClient, clock: Pick<Clock, "monotonicMs">): void {
  let turnBeganMs = clock.monotonicMs();
  client.handleMessage = (_packet, done) => {
    if (clock.monotonicMs() - turnBeganMs < busLimits.turnMsMax) {
      done();
      return;
    }
    setImmediate(() => {
      turnBeganMs = clock.monotonicMs();
      done();
    });
  };
}
