import { localBusLimits, untilClosed } from "@modelfleet/protocol";
import type { IClientOptions, IClientPublishOptions, IPublishPacket, MqttClient } from "mqtt";
import type { Subscription } from "../../domain/binding/binding-plan.ts";
import { BusError } from "../../domain/bus-error.ts";
import type { LocalAnswer, LocalBus, LocalMessage } from "../../ports/local-bus.ts";
import type { BrokerPatience, BrokerTls } from "./connection.ts";
import { keepConnected, type Reconnecting } from "./keep-connected.ts";
import { LoginUnanswered, openClient } from "./open-client.ts";
import { acknowledged, packetBytes, publishOn } from "./publish-on.ts";

export interface LocalBrokerAccess {
  readonly url: string;
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: BrokerTls | undefined;
  /** MQTT 5 where the broker has it, else 3.1.1, when undefined. */
  readonly version: "3.1.1" | "5" | undefined;
}

export interface LocalBusOptions
  extends LocalBrokerAccess,
    BrokerPatience,
    Omit<Reconnecting, "event"> {}

const HEADER_LENGTH = "inference-header-content-length";
const { brokerAckMsMax, inFlightBytesMax } = localBusLimits;
const levels = { "3.1.1": 4, "5": 5 } as const;
/** Of CONNACK: what 3.1.1 and 5 call a version of the protocol that the broker does not have. */
const versionRefused: ReadonlySet<unknown> = new Set([1, 132]);

/** MQTT for the applications of the device. A connection is never more than a line: nothing waits on it for a broker. */
export function createLocalBus(options: LocalBusOptions): LocalBus {
  let current: Line | undefined;
  return {
    connected: () => current?.client.connected === true,
    publish: (answer) => publish(current, answer),
    run: (subscriptions, receive, signal) =>
      keepConnected({ ...options, event: "local.offline" }, signal, async () => {
        const client = await openAny(options, signal);
        const ended = untilClosed(client, signal);
        client.on("message", (_topic, _payload, packet) => receive(messageOf(packet)));
        // Answers to the first topics may be due while the others are being subscribed to.
        const line = {
          client,
          ackMsMax: options.ackMsMax ?? brokerAckMsMax,
          messages: 0,
          bytes: 0,
        };
        current = line;
        try {
          const subscribing = subscribeAll(options, line, subscriptions).then(() => true);
          if (await Promise.race([subscribing, ended.then(() => false)])) {
            const { url, clientId, log } = options;
            log.info({ event: "local.online", url, clientId }, "connected to the local broker");
          }
          return await ended;
        } finally {
          current = undefined;
          // By force: a graceful end waits for acknowledgements that a dead broker will never send.
          await client.endAsync(true).catch(() => undefined);
        }
      }),
  };
}

interface Line {
  readonly client: MqttClient;
  readonly ackMsMax: number;
  /** Of QoS 1, unacknowledged. */
  messages: number;
  /** Of all answers that the broker has not taken. */
  bytes: number;
}

/** A broker of 3.1.1 alone says so, or closes without a word. */
async function openAny(options: LocalBusOptions, signal: AbortSignal): Promise<MqttClient> {
  if (options.version !== undefined) return open(options, levels[options.version], signal);
  try {
    return await open(options, levels["5"], signal);
  } catch (cause) {
    const isRefused = cause instanceof Error && "code" in cause && versionRefused.has(cause.code);
    const mayBeOld = isRefused || cause instanceof LoginUnanswered;
    if (!mayBeOld || signal.aborted) throw cause;
    return await open(options, levels["3.1.1"], signal);
  }
}

function open(
  options: LocalBusOptions,
  protocolVersion: 4 | 5,
  signal: AbortSignal,
): Promise<MqttClient> {
  const { url, clientId, username, password, tls, connectMsMax, keepaliveSeconds } = options;
  const { packetBytesMax, connectMsMax: connectMsDefault } = localBusLimits;
  const { ca, cert, key } = tls ?? {};
  const client: IClientOptions = {
    protocolVersion,
    clientId,
    keepalive: keepaliveSeconds ?? localBusLimits.keepaliveSeconds,
    connectTimeout: connectMsMax ?? connectMsDefault,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
    // A broker of MQTT 5 keeps larger ones to itself instead of losing the connection to them.
    ...(protocolVersion === 5 ? { properties: { maximumPacketSize: packetBytesMax } } : {}),
  };
  const { clock } = options;
  return openClient({ brokerUrl: url, options: client, packetBytesMax, clock }, signal);
}

/** One by one: the broker may refuse some of them, and the others work on. */
async function subscribeAll(
  { log }: LocalBusOptions,
  { client, ackMsMax }: Line,
  subscriptions: readonly Subscription[],
): Promise<void> {
  for (const { topic, qos } of subscriptions) {
    try {
      await acknowledged(client, ackMsMax, client.subscribeAsync(topic, { qos }));
    } catch (cause) {
      if (!client.connected) throw cause;
      const reason = cause instanceof Error ? cause.message : "an unknown failure";
      log.warn({ event: "local.refused", topic, reason }, "the local broker refused a topic");
    }
  }
}

/** MQTT.js heeds neither the broker's largest packet nor how many it takes unacknowledged (mqtt.md 9.2). */
async function publish(line: Line | undefined, answer: LocalAnswer): Promise<void> {
  if (line === undefined) throw new BusError("OFFLINE", "expected a connection, got none");
  const { topic, payload: bytes, qos } = answer;
  const { maximumPacketSize } = line.client.serverProperties ?? {};
  const packetBytesMax = Math.min(localBusLimits.packetBytesMax, maximumPacketSize ?? Infinity);
  const options: IClientPublishOptions = { qos, retain: false, ...propertiesOf(line, answer) };
  const sizeBytes = packetBytes({ topic, bytes, options });
  refuseBusy(line, qos, sizeBytes);
  line.messages += qos;
  line.bytes += sizeBytes;
  try {
    const { client, ackMsMax } = line;
    await publishOn(client, { topic, bytes, options, packetBytesMax, ackMsMax });
  } finally {
    line.messages -= qos;
    line.bytes -= sizeBytes;
  }
}

/** What a broker does not read waits in this process. */
function refuseBusy({ client, messages, bytes }: Line, qos: 0 | 1, sizeBytes: number): void {
  const { receiveMaximum } = client.serverProperties ?? {};
  if (qos === 1 && messages >= (receiveMaximum ?? Infinity)) {
    throw new BusError("BUSY", `expected at most ${receiveMaximum} unacknowledged messages`);
  }
  if (bytes + sizeBytes > inFlightBytesMax) {
    throw new BusError("BUSY", `expected at most ${inFlightBytesMax} bytes before the broker`);
  }
}

function propertiesOf(
  { client }: Line,
  { correlation, contentType, headerLength }: LocalAnswer,
): Pick<IClientPublishOptions, "properties"> {
  if (client.options.protocolVersion !== levels["5"]) return {};
  return {
    properties: {
      ...(correlation === undefined ? {} : { correlationData: Buffer.from(correlation) }),
      ...(contentType === undefined ? {} : { contentType }),
      ...(headerLength === undefined ? {} : { userProperties: { [HEADER_LENGTH]: headerLength } }),
    },
  };
}

function messageOf({ topic, payload, retain, properties }: IPublishPacket): LocalMessage {
  const headerLength = properties?.userProperties?.[HEADER_LENGTH];
  return {
    topic,
    payload: typeof payload === "string" ? Buffer.from(payload) : payload,
    isRetained: retain,
    responseTopic: properties?.responseTopic,
    correlation: properties?.correlationData,
    // Given twice it has no meaning; the parser says what is wrong with an empty one.
    headerLength: Array.isArray(headerLength) ? "" : headerLength,
  };
}
