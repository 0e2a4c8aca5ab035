import { brokerAddress, busLimits, controllerStateTopic, PacketCap } from "@modelfleet/protocol";
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
  guard(client);
  return await loggedIn(client, signal);
}

/** Resolves with the reason when the connection has ended, or the signal aborts. */
export function untilClosed(client: MqttClient, signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    let reason = "the connection ended";
    client.on("error", (error) => {
      reason = error.message;
    });
    const end = () => {
      signal.removeEventListener("abort", end);
      resolve(reason);
    };
    client.once("close", end);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}

function loggedIn(client: MqttClient, signal: AbortSignal): Promise<MqttClient> {
  return new Promise((resolve, reject) => {
    let reason: Error = new BusError("OFFLINE", "the broker closed the connection at the login");
    const giveUp = () => {
      signal.removeEventListener("abort", giveUp);
      client.end(true);
      reject(reason);
    };
    client.on("error", (error) => {
      reason = error;
    });
    client.once("close", giveUp);
    signal.addEventListener("abort", giveUp, { once: true });
    client.once("connect", () => {
      client.off("close", giveUp);
      signal.removeEventListener("abort", giveUp);
      resolve(client);
    });
  });
}

function guard(client: MqttClient): void {
  const { stream } = client;
  const cap = new PacketCap(busLimits.packetBytesMax);
  // Before MQTT.js has the bytes.
  stream.prependListener("data", (chunk: Buffer) => {
    try {
      cap.take(chunk);
    } catch (cause) {
      stream.destroy(cause instanceof Error ? cause : undefined);
    }
  });
  client.on("error", () => stream.destroy());
}
