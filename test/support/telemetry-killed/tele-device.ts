import { setTimeout as wait } from "node:timers/promises";
import {
  AckMessage,
  busLimits,
  ControllerStateMessage,
  controllerStateTopic,
  type Digest8,
  deviceTopics,
  encodeBatch,
  encodeSignedBatch,
  formatTimestamp,
  type OnlineMessage,
} from "@modelfleet/protocol";
import { connectAsync, type MqttClient } from "mqtt";
import { SimulatedDevice } from "../controller/simulated-device.ts";
import type { Random } from "../random.ts";
import { emptyWindow } from "../telemetry/windows.ts";

export interface TeleDeviceOptions {
  readonly id: string;
  readonly secret: string;
  readonly brokerUrl: string;
  readonly random: Random;
  /** Batches it keeps; of more the oldest goes, and is counted. */
  readonly outboxMax: number;
  /** An acknowledgement has come. */
  readonly heard: () => void;
}

interface Owed {
  readonly boot: number;
  readonly seq: number;
  readonly frame: Uint8Array;
}

/** A batch by its place, with what makes its content its own. */
export interface Produced {
  readonly boot: number;
  readonly seq: number;
  readonly requests: number;
  /** What it has dropped until then. */
  readonly dropped: number;
}

const retryMsMin = 100;
const retryMsMax = 1_500;
const connectMsMax = 5_000;
const { resendPauseMsMin, ackWaitMsMax } = busLimits;
/** Below what a broker takes of one device (`busLimits.publishesPerSecondMax`). */
const pumpMs = 500;
const perPump = 9;

/**
 * A device that only measures: batches of one signed window each, kept until the controller says that they are committed
 * (protocol.md 3). It counts in the batch how many it has dropped.
 */
export class TeleDevice extends SimulatedDevice {
  readonly produced: Produced[] = [];
  readonly droppedPlaces: string[] = [];
  owedMax = 0;
  readonly #options: TeleDeviceOptions;
  readonly #stopped = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #client: MqttClient | undefined;
  #outbox: Owed[] = [];
  /** Of the outbox, so many were sent on this connection. */
  #sent = 0;
  #heardAtMs = 0;
  #boot = 1;
  #nextSeq = 0;

  constructor(options: TeleDeviceOptions) {
    super(options.id);
    this.#options = options;
  }

  get owed(): number {
    return this.#outbox.length;
  }

  start(): void {
    this.#running = this.#live();
  }

  /** Its process dies and starts again: what it owes is on its disk. */
  async die(): Promise<void> {
    this.#boot += 1;
    this.#nextSeq = 0;
    await this.#client?.endAsync(true).catch(() => undefined);
  }

  produce(release: Digest8, startMs: number): void {
    const place = { boot: this.#boot, seq: this.#nextSeq++ };
    const requests = 1 + ((place.boot * 31 + place.seq) % 97);
    if (this.#outbox.length >= this.#options.outboxMax) this.#dropOldest();
    const latency = { ...emptyWindow.latency, zeroCount: requests };
    const window = { ...emptyWindow, release, startMs, durationMs: 1_000, requests, latency };
    const dropped = this.droppedPlaces.length;
    const batch = { device: this.id, ...place, dropped, windows: [window], feedback: [] };
    const frame = encodeSignedBatch(this.signer, encodeBatch(batch));
    this.#outbox.push({ ...place, frame });
    this.produced.push({ ...place, requests, dropped });
    this.owedMax = Math.max(this.owedMax, this.#outbox.length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    await this.#client?.endAsync(true).catch(() => undefined);
    await this.#running;
  }

  #dropOldest(): void {
    const oldest = this.#outbox.shift();
    if (oldest === undefined) return;
    this.droppedPlaces.push(placeName(oldest));
    this.#sent = Math.max(0, this.#sent - 1);
  }

  async #live(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await this.#connection().catch(() => undefined);
      const pauseMs = retryMsMin + this.#options.random.below(retryMsMax - retryMsMin);
      await wait(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Resolves when it is over. */
  async #connection(): Promise<void> {
    const { secret, brokerUrl } = this.#options;
    const topics = deviceTopics(this.id);
    const client = await connectAsync(
      brokerUrl,
      {
        ...({ protocolVersion: 4, clean: true } as const),
        ...{ reconnectPeriod: 0, connectTimeout: connectMsMax },
        ...{ clientId: this.id, username: this.id, password: secret },
        will: { topic: topics.up("online"), payload: presence(false), qos: 1, retain: true },
      },
      false,
    );
    let isFirst = true;
    const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
    client.on("error", () => undefined);
    client.on("message", (topic, payload) => {
      if (topic === topics.ack) this.#take(payload);
      if (topic === controllerStateTopic) isFirst = this.#hearState(payload, isFirst);
    });
    this.#client = client;
    const pump = setInterval(() => this.#pump(client), pumpMs);
    try {
      const greeted = client
        .subscribeAsync([topics.ack, controllerStateTopic], { qos: 1 })
        .then(() => {
          client.publish(topics.up("online"), presence(true), { qos: 1, retain: true });
          this.#sent = 0;
          this.#heardAtMs = performance.now();
        });
      // A broker that dies answers none of this; then the connection closes.
      await Promise.race([closed, greeted.catch(() => undefined)]);
      await closed;
    } finally {
      clearInterval(pump);
      this.#client = undefined;
      await client.endAsync(true).catch(() => undefined);
    }
  }

  #pump(client: MqttClient): void {
    if (!client.connected) return;
    if (performance.now() - this.#heardAtMs > ackWaitMsMax) this.#sendAgain();
    const topic = deviceTopics(this.id).up("tele");
    const group = this.#outbox.slice(this.#sent, this.#sent + perPump);
    for (const { frame } of group) client.publish(topic, Buffer.from(frame), { qos: 1 });
    this.#sent += group.length;
  }

  #take(payload: Uint8Array): void {
    const ack = AckMessage.parse(JSON.parse(new TextDecoder().decode(payload)));
    if (ack.again === true) this.#greet();
    if (ack.stream !== "tele" || ack.again === true) return;
    this.#options.heard();
    const isOwed = (owed: Owed) =>
      isAfter(owed, ack) || (ack.from !== undefined && isAfter(ack.from, owed));
    const left = this.#outbox.filter(isOwed);
    this.#sent = Math.max(0, this.#sent - (this.#outbox.length - left.length));
    this.#outbox = left;
    const [oldest] = left;
    const isLost = ack.from !== undefined && oldest !== undefined && isAfter(ack.from, oldest);
    if (!isLost) this.#heardAtMs = performance.now();
    else if (performance.now() - this.#heardAtMs > resendPauseMsMin) this.#sendAgain();
  }

  /** protocol.md 2.7: the first epoch of a connection means nothing. @returns whether the next one is the first */
  #hearState(payload: Uint8Array, isFirst: boolean): boolean {
    const state = ControllerStateMessage.parse(JSON.parse(new TextDecoder().decode(payload)));
    if (!state.online) return isFirst;
    if (!isFirst) this.#greet();
    return false;
  }

  /** Behind it everything is sent again. */
  #greet(): void {
    const issuedAt = formatTimestamp(Date.now());
    const hello = Buffer.from(this.hello({ boot: this.#boot, issuedAt }));
    this.#client?.publish(deviceTopics(this.id).up("hello"), hello, { qos: 1 });
    this.#sendAgain();
  }

  #sendAgain(): void {
    this.#sent = 0;
    this.#heardAtMs = performance.now();
  }
}

function isAfter(left: Place, right: Place): boolean {
  return left.boot > right.boot || (left.boot === right.boot && left.seq > right.seq);
}

type Place = Pick<Owed, "boot" | "seq">;

export function placeName({ boot, seq }: { readonly boot: number; readonly seq: number }): string {
  return `${boot}.${seq}`;
}

/** It may fall back to so many a second without being shut out. */
export const drainPerSecond = Math.min((perPump * 1_000) / pumpMs, busLimits.publishesPerSecondMax);

function presence(online: boolean): Buffer {
  const message: OnlineMessage = { v: 1, boot: 1, online, reason: online ? "connected" : "lost" };
  return Buffer.from(JSON.stringify(message));
}
