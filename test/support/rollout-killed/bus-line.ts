import { setTimeout as wait } from "node:timers/promises";
import { AckMessage, type DeviceId, deviceTopics, type OnlineMessage } from "@modelfleet/protocol";
import { connectAsync, type MqttClient } from "mqtt";
import type { Random } from "../random.ts";

export interface BusLineOptions {
  readonly id: DeviceId;
  readonly brokerUrl: () => string;
  readonly random: Random;
  /** Of a message of the controller, whatever it says. */
  readonly heard: () => void;
  /** Signed anew for each connection. */
  readonly hello: () => Uint8Array;
  readonly follow: (envelope: Uint8Array) => void;
}

const retryMsMin = 20;
const retryMsMax = 120;
const connectMsMax = 2_000;
const ackWaitMs = 3_000;

/** A device's connection, which comes back by itself, and the reports it owes until they are acknowledged (protocol.md 3). */
export class BusLine {
  secret = "";
  readonly #options: BusLineOptions;
  readonly #stopped = new AbortController();
  #running: Promise<void> | undefined;
  #client: MqttClient | undefined;
  #isAway = false;
  #outbox: { readonly seq: number; readonly envelope: Uint8Array }[] = [];
  /** Of the outbox, so many were sent on this connection. */
  #sent = 0;

  constructor(options: BusLineOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#outbox.length === 0;
  }

  start(): void {
    this.#running = this.#live();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    await this.#client?.endAsync(true).catch(() => undefined);
    await this.#running;
  }

  put(seq: number, envelope: Uint8Array): void {
    this.#outbox.push({ seq, envelope });
    this.#send();
  }

  /** Without a word to anybody, for so long. */
  async leave(awayMs: number): Promise<void> {
    this.#isAway = true;
    await this.#client?.endAsync(true).catch(() => undefined);
    await wait(awayMs);
    this.#isAway = false;
  }

  async #live(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      if (!this.#isAway) await this.#connection().catch(() => undefined);
      const pauseMs = retryMsMin + this.#options.random.below(retryMsMax - retryMsMin);
      await wait(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Resolves when it is over. */
  async #connection(): Promise<void> {
    const { id, brokerUrl, follow, heard } = this.#options;
    const topics = deviceTopics(id);
    const client = await connectAsync(
      brokerUrl(),
      {
        ...({ protocolVersion: 4, clean: true } as const),
        ...{ reconnectPeriod: 0, connectTimeout: connectMsMax },
        ...{ clientId: id, username: id, password: this.secret },
        will: { topic: topics.up("online"), payload: presence(false), qos: 1, retain: true },
      },
      false,
    );
    const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
    client.on("error", () => undefined);
    client.on("message", (topic, payload) => {
      heard();
      if (topic === topics.ack) this.#take(payload);
      else follow(payload);
    });
    this.#client = client;
    const again = setInterval(() => this.#sendAgain(), ackWaitMs);
    try {
      // A broker that dies answers none of this; then the connection closes.
      await Promise.race([closed, this.#greet(client).catch(() => undefined)]);
      await closed;
    } finally {
      clearInterval(again);
      this.#client = undefined;
      await client.endAsync(true).catch(() => undefined);
    }
  }

  async #greet(client: MqttClient): Promise<void> {
    const topics = deviceTopics(this.#options.id);
    await client.subscribeAsync([topics.desired, topics.ack], { qos: 1 });
    client.publish(topics.up("online"), presence(true), { qos: 1, retain: true });
    client.publish(topics.up("hello"), Buffer.from(this.#options.hello()), { qos: 1 });
    this.#sendAgain();
  }

  #sendAgain(): void {
    this.#sent = 0;
    this.#send();
  }

  #send(): void {
    const client = this.#client;
    if (client?.connected !== true) return;
    const topic = deviceTopics(this.#options.id).up("report");
    for (const { envelope } of this.#outbox.slice(this.#sent)) {
      client.publish(topic, Buffer.from(envelope), { qos: 1 });
    }
    this.#sent = this.#outbox.length;
  }

  #take(payload: Uint8Array): void {
    const { stream, seq } = AckMessage.parse(JSON.parse(new TextDecoder().decode(payload)));
    if (stream !== "report") return;
    const left = this.#outbox.filter((report) => report.seq > seq);
    this.#sent = Math.max(0, this.#sent - (this.#outbox.length - left.length));
    this.#outbox = left;
  }
}

function presence(online: boolean): Buffer {
  const message: OnlineMessage = { v: 1, boot: 1, online, reason: online ? "connected" : "lost" };
  return Buffer.from(JSON.stringify(message));
}
