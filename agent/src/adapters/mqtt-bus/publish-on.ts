import type { IClientPublishOptions, MqttClient } from "mqtt";
import { BusError } from "../../domain/bus-error.ts";

export interface Publication {
  readonly topic: string;
  readonly bytes: Uint8Array;
  readonly options: IClientPublishOptions;
  /** Of topic and payload together, and a little for what stands before them. */
  readonly packetBytesMax: number;
}

const HEADER_BYTES = 16;

/** Resolves when the broker has taken it. @throws BusError when there is no connection, or it broke meanwhile */
export async function publishOn(
  client: MqttClient | undefined,
  { topic, bytes, options, packetBytesMax }: Publication,
): Promise<void> {
  if (bytes.length + topic.length + HEADER_BYTES > packetBytesMax) {
    const limit = `expected a packet of at most ${packetBytesMax} bytes`;
    throw new BusError("TOO_LARGE", `${limit}, got ${bytes.length}`);
  }
  if (client?.connected !== true) {
    throw new BusError("OFFLINE", "expected a connection to the broker, got none");
  }
  const closed = new AbortController();
  const onClose = () => closed.abort();
  client.once("close", onClose);
  try {
    const taken = client.publishAsync(topic, Buffer.from(bytes), options).catch(notTaken);
    // Often mqtt.js leaves the promise open when the connection breaks before the acknowledgement.
    taken.catch(() => undefined);
    await Promise.race([taken, rejectOn(closed.signal)]);
  } finally {
    client.off("close", onClose);
  }
}

function notTaken(cause: unknown): never {
  const reason = cause instanceof Error ? cause.message : "an unknown failure";
  throw new BusError("OFFLINE", `the broker has not taken it: ${reason}`, { cause });
}

function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const broken = new BusError("OFFLINE", "the connection broke before the broker had taken it");
    signal.addEventListener("abort", () => reject(broken), { once: true });
  });
}
