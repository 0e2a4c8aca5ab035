import { busLimits, isCodedError } from "@modelfleet/protocol";
import type { Bus } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import type { Outbox, OutboxPlace, OutboxStream } from "../ports/outbox.ts";
import { Wake } from "./install/wake.ts";

export interface OutboxSenderParts {
  readonly bus: Bus;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly log: Log;
}

const streams: readonly OutboxStream[] = ["report", "tele"];

/** Half of what a broker takes of one device in a second, so that presence and questions have room. */
const groupPauseMs = (busLimits.inFlightMax / busLimits.publishesPerSecondMax) * 2_000;

/**
 * Sends what the outbox owes, oldest first, at most `inFlightMax` at a time. An entry leaves the outbox only when the
 * controller says that it is committed; what was sent and not acknowledged in time is sent again.
 */
export class OutboxSender {
  readonly #parts: OutboxSenderParts;
  readonly #wake: Wake;
  #sent: Partial<Record<OutboxStream, OutboxPlace>> = {};
  /** The last place sent of each stream, over all connections. */
  readonly #everSent: Partial<Record<OutboxStream, OutboxPlace>> = {};
  #heardAtMs = 0;

  constructor(parts: OutboxSenderParts) {
    this.#parts = parts;
    this.#wake = new Wake(parts.clock);
  }

  wake(): void {
    this.#wake.ring();
  }

  connected(): void {
    this.#sent = {};
    this.#heardAtMs = this.#parts.clock.monotonicMs();
    this.#wake.ring();
  }

  disconnected(): void {
    this.#sent = {};
  }

  /** Acks are not signed: one for more than was sent must not empty the outbox. */
  async acknowledged(stream: OutboxStream, place: OutboxPlace): Promise<void> {
    const last = this.#everSent[stream];
    if (last === undefined) return;
    this.#heardAtMs = this.#parts.clock.monotonicMs();
    await this.#parts.outbox.acknowledge(stream, earlierOf(place, last));
    this.#wake.ring();
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const sent = this.#parts.bus.connected() ? await this.#sendGroups() : 0;
      if (sent >= busLimits.inFlightMax) {
        await this.#parts.clock.sleep(groupPauseMs, signal).catch(() => undefined);
        continue;
      }
      await this.#wake.listen(signal, busLimits.ackWaitMsMax);
      this.#forgetUnheard();
    }
  }

  async #sendGroups(): Promise<number> {
    let sent = 0;
    for (const stream of streams) {
      try {
        sent += await this.#sendGroup(stream, busLimits.inFlightMax - sent);
      } catch (cause) {
        if (!isCodedError(cause)) throw cause;
        const { code, message } = cause;
        this.#parts.log.warn({ event: "outbox.unsent", stream, code }, message);
        return 0;
      }
    }
    return sent;
  }

  async #sendGroup(stream: OutboxStream, count: number): Promise<number> {
    const { bus, outbox } = this.#parts;
    const group = await outbox.pending(stream, count, this.#sent[stream]);
    const last = group.at(-1);
    if (last === undefined) return 0;
    const place = { boot: last.boot, seq: last.seq };
    // Before it is sent: the acknowledgement may be here before the broker's own.
    this.#everSent[stream] = laterOf(place, this.#everSent[stream] ?? place);
    await Promise.all(group.map(({ bytes }) => bus.publish(stream, bytes)));
    this.#sent[stream] = place;
    return group.length;
  }

  /** Sent and long not heard of: whoever took it may have lost it. */
  #forgetUnheard(): void {
    const sinceMs = this.#parts.clock.monotonicMs() - this.#heardAtMs;
    if (sinceMs < busLimits.ackWaitMsMax) return;
    this.#heardAtMs = this.#parts.clock.monotonicMs();
    this.#sent = {};
  }
}

function earlierOf(left: OutboxPlace, right: OutboxPlace): OutboxPlace {
  return isBefore(left, right) ? left : right;
}

function laterOf(left: OutboxPlace, right: OutboxPlace): OutboxPlace {
  return isBefore(left, right) ? right : left;
}

function isBefore(left: OutboxPlace, right: OutboxPlace): boolean {
  return left.boot < right.boot || (left.boot === right.boot && left.seq < right.seq);
}
