import { type AckMessage, busLimits, type DeviceId } from "@modelfleet/protocol";
import {
  AckLedger,
  type ChainedPlace,
  type DueAck,
  type Place,
} from "../../domain/ingest/ack-ledger.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DeviceBus } from "../../ports/device-bus.ts";
import type { EventLog } from "../../ports/event-log.ts";

/** Two looks per period, so that no ack is later than one and a half of them. */
const LOOKS_PER_PERIOD = 2;

export interface AckSenderPorts {
  readonly bus: DeviceBus;
  readonly clock: Clock;
  readonly log: EventLog;
}

/** Tells devices what is committed: bundled, after the commit, best effort (a lost ack costs a repetition). */
export class AckSender implements AsyncDisposable {
  readonly #ports: AckSenderPorts;
  readonly #ledger: AckLedger;
  #timer: Disposable | undefined;

  constructor(ports: AckSenderPorts) {
    this.#ports = ports;
    this.#ledger = new AckLedger({
      everyMs: busLimits.ackEveryMs,
      everyItems: busLimits.ackEveryItems,
      tellsRuns: ports.bus.mayLose === true,
    });
  }

  start(): void {
    const { clock } = this.#ports;
    const periodMs = busLimits.ackEveryMs / LOOKS_PER_PERIOD;
    this.#timer ??= clock.every(periodMs, () => this.#sendAll(this.#ledger.due(clock.nowMs())));
  }

  /** A message is committed, or is one of those that never can be. */
  committed(device: DeviceId, stream: AckMessage["stream"], place: Place): void {
    const due = this.#ledger.note(device, stream, { ...place, nowMs: this.#ports.clock.nowMs() });
    if (due !== undefined) void this.#send(due);
  }

  /** A message came that is not to be taken again, and whose place nobody could tell. */
  unplaced(device: DeviceId, stream: AckMessage["stream"]): void {
    this.#ledger.unplaced(device, stream);
  }

  /** Whether messages were lost between the last one and this. */
  isAfterGap(device: DeviceId, stream: AckMessage["stream"], place: ChainedPlace): boolean {
    return this.#ledger.isAfterGap(device, stream, place);
  }

  /** A message could not be stored: nothing from it on is acknowledged until it comes again. */
  failed(device: DeviceId, stream: AckMessage["stream"], place: Place): void {
    this.#ledger.fail(device, stream, place);
  }

  /** Whether one before it could not be stored and is expected again. */
  isBehindHole(device: DeviceId, stream: AckMessage["stream"], place: Place): boolean {
    return this.#ledger.isBehindHole(device, stream, place);
  }

  /** The device has connected anew, and owes its reports from `owed` on. */
  restarted(device: DeviceId, owed: Place | undefined): void {
    this.#ledger.forget(device, owed);
  }

  /** Sends what is owed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    await this.#sendAll(this.#ledger.flush());
  }

  async #sendAll(acks: readonly DueAck[]): Promise<void> {
    for (const ack of acks) await this.#send(ack);
  }

  async #send({ device, message }: DueAck): Promise<void> {
    try {
      await this.#ports.bus.publishAck(device, message);
    } catch (error) {
      // The device sends again what was not acknowledged, and is then told again.
      const reason = error instanceof Error ? error.message : String(error);
      this.#ports.log.warn({ event: "ack.not-sent", device, reason }, "ack not sent");
    }
  }
}
