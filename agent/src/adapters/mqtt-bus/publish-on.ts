import type { IClientPublishOptions, MqttClient } from "mqtt";
import { BusError } from "../../domain/bus-error.ts";

export interface Publication {
  readonly topic: string;
  readonly bytes: Uint8Array;
  readonly options: IClientPublishOptions;
  /** Of topic, payload and properties together, and a little for what stands before them. */
  readonly packetBytesMax: number;
  readonly ackMsMax: number;
}

/** Also what stands before a property. */
const HEADER_BYTES = 16;

/** Resolves when the broker has taken it. @throws BusError when there is no connection, or it broke meanwhile */
export async function publishOn(
  client: MqttClient | undefined,
  publication: Publication,
): Promise<void> {
  const { topic, bytes, options, packetBytesMax, ackMsMax } = publication;
  const sizeBytes = packetBytes(publication);
  if (sizeBytes > packetBytesMax) {
    const limit = `expected a packet of at most ${packetBytesMax} bytes`;
    throw new BusError("TOO_LARGE", `${limit}, got ${sizeBytes}`);
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
    await acknowledged(client, ackMsMax, Promise.race([taken, rejectOn(closed.signal)]));
  } finally {
    client.off("close", onClose);
  }
}

/** At most so many bytes go over the line for it. */
export function packetBytes({
  topic,
  bytes,
  options,
}: Omit<Publication, "packetBytesMax" | "ackMsMax">) {
  const { correlationData, contentType, userProperties } = options.properties ?? {};
  const texts = [topic, contentType ?? "", ...Object.entries(userProperties ?? {}).flat(2)];
  const textBytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text) + HEADER_BYTES, 0);
  return bytes.length + (correlationData?.length ?? 0) + textBytes;
}

/** A broker that takes everything and acknowledges nothing keeps its line for no longer than this. */
export async function acknowledged<T>(
  client: MqttClient,
  ackMsMax: number,
  answer: Promise<T>,
): Promise<T> {
  const text = `expected the broker's acknowledgement within ${ackMsMax} ms, got none`;
  const late = setTimeout(() => client.stream.destroy(new BusError("OFFLINE", text)), ackMsMax);
  // The answer to a line that has ended may never come.
  late.unref();
  try {
    return await answer;
  } finally {
    clearTimeout(late);
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
