import {
  busLimits,
  controllerStateTopic,
  type DeviceId,
  deviceTopics,
  type OnlineMessage,
} from "@modelfleet/protocol";
import type { MqttClient } from "mqtt";
import { backoffMs } from "../../domain/backoff.ts";
import { BusError } from "../../domain/bus-error.ts";
import type { Bus, BusListener } from "../../ports/bus.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { type BrokerAccess, openConnection } from "./connection.ts";

export interface MqttBusOptions extends BrokerAccess {
  readonly clock: Clock;
  readonly log: Log;
  readonly boot: number;
  readonly retryMsMin?: number;
  readonly retryMsMax?: number;
}

/** A connection that stood this long was a good one: the next failure starts with a short pause again. */
const stableMs = busLimits.connectMsMax;

/**
 * MQTT 3.1.1, clean sessions. Every connection is a new mqtt.js client without its own reconnect: so no message waits in
 * its unbounded store, and pauses have full jitter (mqtt.md 9.2). What must not be lost is in the outbox.
 */
export function createMqttBus(options: MqttBusOptions): Bus {
  const topics = deviceTopics(options.device);
  let current: MqttClient | undefined;
  const send = (topic: string, bytes: Uint8Array, retain = false) =>
    publish(current, { topic, bytes, retain });
  return {
    connected: () => current?.connected === true,
    publish: (stream, bytes) => send(topics.up(stream), bytes),
    request: (operation, bytes) => send(topics.request(operation), bytes),
    run: (listener, signal) =>
      keepConnected(options, signal, async () => {
        const client = await openConnection(options, presence(options.boot, false, "lost"), signal);
        const ended = untilClosed(client, signal);
        try {
          await client.subscribeAsync([topics.desired, topics.ack, controllerStateTopic], {
            qos: 1,
          });
          current = client;
          await send(topics.up("online"), presence(options.boot, true, "connected"), true);
          client.on("message", (topic, bytes, { retain }) =>
            deliver(options.device, listener, { topic, bytes, retain }),
          );
          listener.connected();
          await ended;
          if (signal.aborted && client.connected) {
            const goodbye = presence(options.boot, false, "stopped");
            await inTime(options.clock, sayGoodbye(client, topics.up("online"), goodbye));
          }
        } finally {
          current = undefined;
          // By force: a graceful end waits for acknowledgements that a dead broker will never send.
          await client.endAsync(true).catch(() => undefined);
          listener.disconnected();
        }
      }),
  };
}

async function keepConnected(
  options: MqttBusOptions,
  signal: AbortSignal,
  connectOnce: () => Promise<void>,
): Promise<void> {
  const { clock, log, retryMsMin, retryMsMax } = options;
  const limits = {
    delayMsMin: retryMsMin ?? busLimits.reconnectMsMin,
    delayMsMax: retryMsMax ?? busLimits.reconnectMsMax,
  };
  for (let failures = 0; ; failures += 1) {
    const beganMs = clock.monotonicMs();
    const reason = await connectOnce().then(() => "the connection ended", reasonOf);
    if (signal.aborted) return;
    if (clock.monotonicMs() - beganMs >= stableMs) failures = 0;
    const delayMs = backoffMs(limits, failures, clock.chance());
    log.warn(
      { event: "bus.offline", reason, delayMs },
      "no connection to the broker; trying again",
    );
    await clock.sleep(delayMs, signal).catch(() => undefined);
  }
}

function untilClosed(client: MqttClient, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    client.once("close", () => resolve());
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

async function publish(
  client: MqttClient | undefined,
  message: { readonly topic: string; readonly bytes: Uint8Array; readonly retain: boolean },
): Promise<void> {
  const { topic, bytes, retain } = message;
  if (bytes.length + topic.length + 16 > busLimits.packetBytesMax) {
    const limit = `expected a packet of at most ${busLimits.packetBytesMax} bytes`;
    throw new BusError("TOO_LARGE", `${limit}, got ${bytes.length}`);
  }
  if (client?.connected !== true) {
    throw new BusError("OFFLINE", "expected a connection to the broker, got none");
  }
  const closed = new AbortController();
  const onClose = () => closed.abort();
  client.once("close", onClose);
  try {
    const taken = client.publishAsync(topic, Buffer.from(bytes), { qos: 1, retain });
    // mqtt.js leaves the promise open when the connection breaks before the acknowledgement.
    taken.catch(() => undefined);
    await Promise.race([taken, rejectOn(closed.signal)]);
  } finally {
    client.off("close", onClose);
  }
}

/** DISCONNECT comes after it, so that the broker does not publish the will. */
async function sayGoodbye(client: MqttClient, topic: string, bytes: Uint8Array): Promise<void> {
  await publish(client, { topic, bytes, retain: true });
  await client.endAsync(false);
}

/** At most `goodbyeMsMax`; a goodbye nobody hears is said by the will instead. */
async function inTime(clock: Clock, goodbye: Promise<void>): Promise<void> {
  const done = new AbortController();
  const late = clock.sleep(busLimits.goodbyeMsMax, done.signal).catch(() => undefined);
  await Promise.race([goodbye.catch(() => undefined), late]);
  done.abort();
}

function rejectOn(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const broken = new BusError("OFFLINE", "the connection broke before the broker had taken it");
    signal.addEventListener("abort", () => reject(broken), { once: true });
  });
}

interface Arrival {
  readonly topic: string;
  readonly bytes: Uint8Array;
  readonly retain: boolean;
}

function deliver(device: DeviceId, listener: BusListener, arrival: Arrival): void {
  const { topic, bytes, retain } = arrival;
  if (bytes.length > busLimits.packetBytesMax) return;
  // protocol.md 2.3: not every broker can refuse the retain flag; whoever reads does.
  if (retain && topic !== controllerStateTopic) return;
  const topics = deviceTopics(device);
  if (topic === topics.desired) listener.desired(bytes);
  if (topic === topics.ack) listener.acknowledged(bytes);
  if (topic === controllerStateTopic) listener.controllerState(bytes);
}

function presence(boot: number, online: boolean, reason: string): Uint8Array {
  const message: OnlineMessage = { v: 1, boot, online, reason };
  return new TextEncoder().encode(JSON.stringify(message));
}

function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join(", ");
  return cause instanceof Error ? cause.message : "an unknown failure";
}
