import { busLimits } from "@modelfleet/protocol";
import type { MqttClient } from "mqtt";
import type { EventLog } from "../../ports/event-log.ts";
import { BusError } from "./bus-error.ts";

export interface Publication {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  readonly retain?: boolean;
}

export interface OutgoingOptions {
  readonly client: MqttClient;
  /** Resolves when the connection has ended. */
  readonly ended: Promise<unknown>;
  readonly ackMsMax: number;
  readonly log: EventLog;
}

/** What a broker does not read waits in this process: no more than this of it. */
const BYTES_WAITING_MAX = 4 * 1_024 * 1_024;

/**
 * What goes out on one connection. Nothing depends on its arrival (`DeviceBus`): a message that finds too many waiting before
 * it is dropped, and one whose connection ends is over. A broker that acknowledges nothing is left: it is as good as none.
 */
export class Outgoing {
  readonly #options: OutgoingOptions;
  readonly #client: MqttClient;
  #unacknowledged = 0;
  #dropped = 0;

  constructor(options: OutgoingOptions) {
    this.#options = options;
    this.#client = options.client;
  }

  /** Resolves when the broker has it, when it was dropped, or when the connection has ended. */
  async publish({ topic, payload, qos, retain = false }: Publication): Promise<void> {
    const isFull =
      this.#unacknowledged >= busLimits.deliveriesMax ||
      this.#client.stream.writableLength > BYTES_WAITING_MAX;
    if (!this.#client.connected) return;
    if (isFull) {
      this.#drop();
      return;
    }
    this.#unacknowledged += qos;
    // MQTT.js may leave the promise open when the connection breaks.
    const taken = this.#client.publishAsync(topic, payload, { qos, retain }).catch(() => undefined);
    await this.#inTime(Promise.race([taken, this.#options.ended]));
    this.#unacknowledged -= qos;
  }

  /** @throws BusError NOT_GRANTED */
  async subscribe(filter: string): Promise<void> {
    const [granted] = await this.#inTime(this.#client.subscribeAsync(filter, { qos: 1 }));
    if (granted?.qos === 1) return;
    const came = granted === undefined ? "nothing" : `code ${granted.qos}`;
    throw new BusError("NOT_GRANTED", `expected to hear ${filter} with QoS 1, got ${came}`);
  }

  /** Logged at powers of two: a broker that takes nothing does not fill the log. */
  #drop(): void {
    this.#dropped += 1;
    const count = this.#dropped;
    if ((count & (count - 1)) !== 0) return;
    const event = { event: "broker.message-unsent", count };
    this.#options.log.warn(event, "the broker is too slow: message not sent");
  }

  async #inTime<T>(answer: Promise<T>): Promise<T> {
    const { ackMsMax } = this.#options;
    const text = `expected the broker's acknowledgement within ${ackMsMax} ms, got none`;
    const giveUp = () => this.#client.stream.destroy(new BusError("OFFLINE", text));
    const late = setTimeout(giveUp, ackMsMax);
    // The answer to a line that has ended may never come.
    late.unref();
    try {
      return await answer;
    } finally {
      clearTimeout(late);
    }
  }
}
