import {
  busLimits,
  type DeviceId,
  isCodedError,
  mayPublish,
  parseUpTopic,
  type UpTopic,
} from "@modelfleet/protocol";
import { DeviceInbox } from "../../domain/ingest/device-inbox.ts";
import type { DeviceDoor } from "../../ports/device-door.ts";
import type { EventLog } from "../../ports/event-log.ts";

export interface Arrival {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retain: boolean;
}

export interface IntakeOptions {
  readonly door: Pick<DeviceDoor, "receive">;
  readonly log: EventLog;
  /** Asks a device to say hello, and to send again from the oldest. */
  readonly askAgain: (device: DeviceId) => void;
  /** Messages of all devices that may be under way. */
  readonly messagesMax: number;
}

export type DropReason = "FOREIGN" | "RETAINED" | "TOO_LARGE" | "NO_HELLO" | "INBOX_FULL";

/**
 * Takes what a broker delivers to the door. Rules:
 *
 * 1. The topic says whose message it is: the broker's rights hold it. What has no meaning there, is larger than a packet of
 *    ours, or is retained where nothing is (protocol.md 2.3), is dropped.
 * 2. Since this subscription began, messages may have been lost before it. Reports are applied in order, so none is taken
 *    before the device has said hello, behind which it sends all again (protocol.md 3.10).
 * 3. A device with too many waiting messages is heard no more until it says hello anew, and is asked to.
 * 4. When too many of all devices wait, the broker is read no further until some are done.
 */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #inbox: DeviceInbox;
  readonly #greeted = new Set<DeviceId>();
  readonly #drops = new Map<DropReason, number>();
  #waiting = 0;
  #readers: (() => void)[] = [];

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#inbox = new DeviceInbox({ depthMax: busLimits.inboxMessagesMax });
  }

  /** How many messages were dropped, by reason. */
  drops(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#drops);
  }

  /** Rule 2: a subscription begins. */
  begin(): void {
    this.#greeted.clear();
  }

  take({ topic, payload, retain }: Arrival): void {
    const meaning = parseUpTopic(topic);
    if (meaning === undefined) {
      this.#drop("FOREIGN");
      return;
    }
    const stream = meaning.kind === "stream" ? meaning.stream : undefined;
    // Our own word that a device is expelled.
    if (stream === "online" && payload.length === 0) return;
    if (stream === "hello" && !retain) this.#greet(meaning.device);
    const refusal = this.#refusal(meaning, { topic, payload, retain });
    if (refusal !== undefined) {
      this.#drop(refusal);
      return;
    }
    this.#waiting += 1;
    void this.#bring(meaning, payload).finally(() => this.#done());
  }

  /** Calls back when there is room for the next message. */
  whenRoom(read: () => void): void {
    if (this.#waiting < this.#options.messagesMax) read();
    else this.#readers.push(read);
  }

  /** Resolves when everything taken in so far is done. */
  async drained(): Promise<void> {
    await this.#inbox.drained();
  }

  /** Rules 1 and 2. */
  #refusal(meaning: UpTopic, { topic, payload, retain }: Arrival): DropReason | undefined {
    const { device } = meaning;
    if (payload.length > busLimits.packetBytesMax) return "TOO_LARGE";
    if (retain && !mayPublish(device, topic, true)) return "RETAINED";
    const isReport = meaning.kind === "stream" && meaning.stream === "report";
    return isReport && !this.#greeted.has(device) ? "NO_HELLO" : undefined;
  }

  #greet(device: DeviceId): void {
    this.#greeted.add(device);
    this.#inbox.reopen(device);
  }

  async #bring(topic: UpTopic, payload: Uint8Array): Promise<void> {
    const { device } = topic;
    if (await this.#inbox.run(device, () => this.#receive(topic, payload))) return;
    // Rule 3.
    this.#drop("INBOX_FULL");
    this.#greeted.delete(device);
    this.#options.askAgain(device);
  }

  async #receive(topic: UpTopic, payload: Uint8Array): Promise<void> {
    try {
      await this.#options.door.receive(topic, payload);
    } catch (error) {
      if (!isCodedError(error)) throw error;
      const { code: reason, message: detail } = error;
      const { device, kind } = topic;
      this.#options.log.warn(
        { event: "device.message-refused", device, kind, reason, detail },
        "device message refused",
      );
    }
  }

  #done(): void {
    this.#waiting -= 1;
    this.#readers.shift()?.();
  }

  /** Logged at powers of two: whoever floods the broker does not flood the log. */
  #drop(reason: DropReason): void {
    const count = (this.#drops.get(reason) ?? 0) + 1;
    this.#drops.set(reason, count);
    if ((count & (count - 1)) !== 0) return;
    this.#options.log.warn({ event: "broker.message-dropped", reason, count }, "message dropped");
  }
}
