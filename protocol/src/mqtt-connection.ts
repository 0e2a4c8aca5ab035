import { PacketCap } from "./packet-cap.ts";

/** What is watched of a client of MQTT.js; that library itself is known to the adapters alone. */
export interface MqttConnection {
  readonly stream: {
    readonly prependListener: (event: "data", take: (chunk: Uint8Array) => void) => unknown;
    readonly destroy: (cause?: Error) => unknown;
  };
  readonly on: (event: "error", take: (error: Error) => void) => unknown;
  readonly once: (event: "close" | "connect", take: () => void) => unknown;
  readonly off: (event: "close", take: () => void) => unknown;
  readonly end: (force: boolean) => unknown;
}

/**
 * Ends the connection at the first header of a packet that is larger, of a message of QoS 2, or of anything that cannot be
 * read; MQTT.js alone would go on in the middle of a packet.
 *
 * @param bytesMax of an arriving packet, after its fixed header
 */
export function capPackets(client: MqttConnection, bytesMax: number): void {
  const { stream } = client;
  const cap = new PacketCap(bytesMax);
  // Before MQTT.js has the bytes; what else is in this chunk is all that it still gets.
  stream.prependListener("data", (chunk) => {
    try {
      cap.take(chunk);
    } catch (cause) {
      stream.destroy(cause instanceof Error ? cause : undefined);
    }
  });
  client.on("error", () => stream.destroy());
}

/** Resolves when the broker has accepted the login; rejects with the reason, or with `unanswered` where there is none. */
export function untilAccepted(
  client: MqttConnection,
  { signal, unanswered }: { readonly signal: AbortSignal; readonly unanswered: Error },
): Promise<void> {
  return new Promise((resolve, reject) => {
    let reason = unanswered;
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
    if (signal.aborted) giveUp();
    client.once("connect", () => {
      client.off("close", giveUp);
      signal.removeEventListener("abort", giveUp);
      resolve();
    });
  });
}

/** Resolves with the reason when the connection has ended, or the signal aborts. */
export function untilClosed(client: MqttConnection, signal: AbortSignal): Promise<string> {
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
