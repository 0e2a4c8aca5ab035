import { busLimits } from "@modelfleet/protocol";
import type { MqttClient } from "mqtt";
import { BusError } from "./bus-error.ts";

export interface Publication {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  readonly retain?: boolean;
}

/** What a broker does not read waits in this process: no more than this of it. */
const BYTES_WAITING_MAX = 4 * 1_024 * 1_024;

/**
 * What goes out on one connection. Nothing depends on its arrival (`DeviceBus`): a message that finds too many waiting before
 * it is dropped, and one whose connection ends is over.
 */
export class Outgoing {
  readonly #client: MqttClient;
  readonly #ended: Promise<unknown>;
  #unacknowledged = 0;
  #dropped = 0;

  constructor(client: MqttClient, ended: Promise<unknown>) {
    this.#client = client;
    this.#ended = ended;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** Resolves when the broker has it, when it was dropped, or when the connection has ended. */
  async publish({ topic, payload, qos, retain = false }: Publication): Promise<void> {
    const isFull =
      this.#unacknowledged >= busLimits.deliveriesMax ||
      this.#client.stream.writableLength > BYTES_WAITING_MAX;
    if (!this.#client.connected || isFull) {
      this.#dropped += 1;
      return;
    }
    this.#unacknowledged += qos;
    // MQTT.js may leave the promise open when the connection breaks.
    const taken = this.#client.publishAsync(topic, payload, { qos, retain }).catch(() => undefined);
    await Promise.race([taken, this.#ended]);
    this.#unacknowledged -= qos;
  }

  /** @throws BusError NOT_GRANTED */
  async subscribe(filter: string): Promise<void> {
    const [granted] = await this.#client.subscribeAsync(filter, { qos: 1 });
    if (granted?.qos === 1) return;
    const came = granted === undefined ? "nothing" : `code ${granted.qos}`;
    throw new BusError("NOT_GRANTED", `expected to hear ${filter} with QoS 1, got ${came}`);
  }
}
