import {
  brokerAddress,
  busLimits,
  capPackets,
  controllerStateTopic,
  untilAccepted,
} from "@modelfleet/protocol";
import { connect, type MqttClient } from "mqtt";
import type { BrokerAccess } from "./broker-login.ts";
import { BusError } from "./bus-error.ts";

export interface ClientOpening extends BrokerAccess {
  readonly clientId: string;
  readonly willPayload: Buffer;
  readonly keepaliveSeconds: number;
}

/**
 * One connection by a client of its own, which never comes back by itself: so nothing waits in the unbounded stores of
 * MQTT.js (mqtt.md 9.2). What it cannot read ends the connection.
 *
 * Resolves when the broker has accepted the login; rejects with the reason otherwise.
 */
export async function openClient(opening: ClientOpening, signal: AbortSignal): Promise<MqttClient> {
  const { username, password, cert, key } = await opening.login();
  if (signal.aborted) throw new BusError("OFFLINE", "stopped before it began");
  const { url, ca, clientId, willPayload, keepaliveSeconds } = opening;
  const client = connect({
    ...brokerAddress(url),
    ...{ protocolVersion: 4, clean: true, clientId, keepalive: keepaliveSeconds },
    ...{ reconnectPeriod: 0, resubscribe: false, queueQoSZero: false },
    connectTimeout: busLimits.connectMsMax,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    will: { topic: controllerStateTopic, payload: willPayload, qos: 1, retain: true },
  });
  // Each message that waits for the broker listens for the end of the connection.
  client.setMaxListeners(0);
  capPackets(client, busLimits.packetBytesMax);
  const text = "the broker closed the connection at the login";
  await untilAccepted(client, { signal, unanswered: new BusError("OFFLINE", text) });
  return client;
}
