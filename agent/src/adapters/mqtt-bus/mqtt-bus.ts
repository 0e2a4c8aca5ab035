import {
  busLimits,
  controllerStateTopic,
  type DeviceId,
  deviceTopics,
  type OnlineMessage,
  untilClosed,
} from "@modelfleet/protocol";
import type { MqttClient } from "mqtt";
import type { Bus, BusListener } from "../../ports/bus.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import { type BrokerAccess, type BrokerPatience, openConnection } from "./connection.ts";
import { keepConnected } from "./keep-connected.ts";
import { acknowledged, type Publication, publishOn } from "./publish-on.ts";

export interface MqttBusOptions extends BrokerAccess, BrokerPatience {
  readonly clock: Clock;
  readonly log: Log;
  readonly boot: number;
  readonly retryMsMin?: number;
  readonly retryMsMax?: number;
}

/**
 * MQTT 3.1.1, clean sessions. Every connection is a new mqtt.js client without its own reconnect: so no message waits in
 * its unbounded store, and pauses have full jitter (mqtt.md 9.2). What must not be lost is in the outbox.
 */
export function createMqttBus(options: MqttBusOptions): Bus {
  const topics = deviceTopics(options.device);
  let current: MqttClient | undefined;
  const { ackMsMax = busLimits.brokerAckMsMax } = options;
  const send = (topic: string, bytes: Uint8Array, retain = false) =>
    publish(current, { topic, bytes, retain, ackMsMax });
  return {
    connected: () => current?.connected === true,
    publish: (stream, bytes) => send(topics.up(stream), bytes),
    request: (operation, bytes) => send(topics.request(operation), bytes),
    run: (listener, signal) =>
      keepConnected({ ...options, event: "bus.offline" }, signal, async () => {
        const client = await openConnection(options, presence(options.boot, false, "lost"), signal);
        const ended = untilClosed(client, signal);
        // Before anything is subscribed: what is retained comes together with the acknowledgement.
        client.on("message", (topic, bytes, { retain }) =>
          deliver(options.device, listener, { topic, bytes, retain }),
        );
        const greet = async () => {
          const mine = [topics.desired, topics.ack, controllerStateTopic];
          await acknowledged(client, ackMsMax, client.subscribeAsync(mine, { qos: 1 }));
          current = client;
          await send(topics.up("online"), presence(options.boot, true, "connected"), true);
        };
        try {
          // Not alone: a broker that acknowledges nothing must not keep the agent from stopping.
          const isGreeted = await Promise.race([greet().then(() => true), ended.then(() => false)]);
          if (isGreeted) listener.connected();
          const reason = await ended;
          if (signal.aborted && client.connected) {
            const bytes = presence(options.boot, false, "stopped");
            const goodbye = { topic: topics.up("online"), bytes, retain: true, ackMsMax };
            await inTime(options.clock, sayGoodbye(client, goodbye));
          }
          return reason;
        } finally {
          current = undefined;
          // By force: a graceful end waits for acknowledgements that a dead broker will never send.
          await client.endAsync(true).catch(() => undefined);
          listener.disconnected();
        }
      }),
  };
}

interface Message extends Pick<Publication, "topic" | "bytes" | "ackMsMax"> {
  readonly retain: boolean;
}

function publish(client: MqttClient | undefined, { retain, ...message }: Message): Promise<void> {
  const { packetBytesMax } = busLimits;
  return publishOn(client, { ...message, options: { qos: 1, retain }, packetBytesMax });
}

/** DISCONNECT comes after it, so that the broker does not publish the will. */
async function sayGoodbye(client: MqttClient, goodbye: Message): Promise<void> {
  await publish(client, goodbye);
  await client.endAsync(false);
}

/** At most `goodbyeMsMax`; a goodbye nobody hears is said by the will instead. */
async function inTime(clock: Clock, goodbye: Promise<void>): Promise<void> {
  const done = new AbortController();
  const late = clock.sleep(busLimits.goodbyeMsMax, done.signal).catch(() => undefined);
  await Promise.race([goodbye.catch(() => undefined), late]);
  done.abort();
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
