import { brokerAddress, busLimits, localBusLimits, PacketCap } from "@modelfleet/protocol";
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
 * MQTT.js. What it cannot read ends the connection; MQTT.js alone would go on in the middle of a packet.
 *
 * Resolves when the broker has accepted the login; rejects with the reason otherwise.
 */
export function openClient(opening: ClientOpening, signal: AbortSignal): Promise<MqttClient> {
  if (signal.aborted) return Promise.reject(new BusError("OFFLINE", "stopped before it began"));
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
  guard(client, opening.packetBytesMax);
  takeTurns(client, opening.clock);
  return new Promise((resolve, reject) => {
    let reason: Error = new LoginUnanswered(
      "OFFLINE",
      "the broker closed the connection before it accepted the login",
    );
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

/** The broker closed the connection without a word. */
export class LoginUnanswered extends BusError {}

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

function guard(client: MqttClient, bytesMax: number): void {
  const { stream } = client;
  const cap = new PacketCap(bytesMax);
  // Before MQTT.js has the bytes; what else is in this chunk is all that it still gets.
  stream.prependListener("data", (chunk: Buffer) => {
    try {
      cap.take(chunk);
    } catch (cause) {
      stream.destroy(cause instanceof Error ? cause : undefined);
    }
  });
  client.on("error", () => stream.destroy());
}

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
