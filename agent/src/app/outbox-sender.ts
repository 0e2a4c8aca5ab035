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
 * controller says that it is committed; what was sent and not acknowledged in time is sent again, and so is what lies
 * before the first one of an acknowledgement: it was lost on its way (protocol.md 3.10).
 */
export class OutboxSender {
  readonly #parts: OutboxSenderParts;
  readonly #wake: Wake;
  readonly #sent: Record<OutboxStream, OutboxPlace | undefined> = {
    report: undefined,
    tele: undefined,
  };
  /** The last place sent of each stream, over all connections. */
  readonly #everSent: Partial<Record<OutboxStream, OutboxPlace>> = {};
  /** Changes when what was sent counts no more; whoever waits meanwhile begins anew. */
  readonly #rounds: Record<OutboxStream, number> = { report: 0, tele: 0 };
  /** When the oldest of a stream was known not to be overdue. */
  readonly #heardAtMs: Record<OutboxStream, number> = { report: 0, tele: 0 };

  constructor(parts: OutboxSenderParts) {
    this.#parts = parts;
    this.#wake = new Wake(parts.clock);
  }

  wake(): void {
    this.#wake.ring();
  }

  /** All that is owed is sent from the oldest on, whatever was sent before. */
  again(): void {
    for (const stream of streams) this.#forgetSent(stream);
    this.#wake.ring();
  }

  disconnected(): void {
    for (const stream of streams) this.#forgetSent(stream);
  }

  /** Acks are not signed: one for more than was sent must not empty the outbox. */
  async acknowledged(
    stream: OutboxStream,
    place: OutboxPlace,
    from: OutboxPlace | undefined,
  ): Promise<void> {
    const last = this.#everSent[stream];
    if (last === undefined) return;
    await this.#parts.outbox.acknowledge(stream, earlierOf(place, last), from);
    if (from === undefined || !(await this.#hasLost(stream, from))) {
      this.#heardAtMs[stream] = this.#parts.clock.monotonicMs();
    }
    this.#wake.ring();
  }

  /** Whether one before this place was sent and is owed; it is sent again, but not on each of many acknowledgements. */
  async #hasLost(stream: OutboxStream, from: OutboxPlace): Promise<boolean> {
    const [oldest] = await this.#parts.outbox.pending(stream, 1);
    if (oldest === undefined || !isBefore(oldest, from)) return false;
    const sinceMs = this.#parts.clock.monotonicMs() - this.#heardAtMs[stream];
    if (sinceMs >= busLimits.resendPauseMsMin) this.#forgetSent(stream);
    return true;
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const sent = this.#parts.bus.connected() ? await this.#sendGroups() : 0;
      if (sent >= busLimits.inFlightMax) {
        await this.#parts.clock.sleep(groupPauseMs, signal).catch(() => undefined);
        continue;
      }
      await this.#wake.listen(signal, this.#patienceMs());
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
    const round = this.#rounds[stream];
    const group = await outbox.pending(stream, count, this.#sent[stream]);
    const last = group.at(-1);
    if (last === undefined || round !== this.#rounds[stream]) return 0;
    const place = { boot: last.boot, seq: last.seq };
    // Before it is sent: the acknowledgement may be here before the broker's own.
    this.#everSent[stream] = laterOf(place, this.#everSent[stream] ?? place);
    await Promise.all(group.map(({ bytes }) => bus.publish(stream, bytes)));
    if (round === this.#rounds[stream]) this.#sent[stream] = place;
    return group.length;
  }

  /** Until the first of them is overdue. */
  #patienceMs(): number {
    const heardAtMs = Math.min(...streams.map((stream) => this.#heardAtMs[stream]));
    return heardAtMs + busLimits.ackWaitMsMax - this.#parts.clock.monotonicMs();
  }

  /** Sent and long not heard of: whoever took it may have lost it. */
  #forgetUnheard(): void {
    const nowMs = this.#parts.clock.monotonicMs();
    for (const stream of streams) {
      if (nowMs - this.#heardAtMs[stream] >= busLimits.ackWaitMsMax) this.#forgetSent(stream);
    }
  }

  #forgetSent(stream: OutboxStream): void {
    this.#rounds[stream] += 1;
    this.#heardAtMs[stream] = this.#parts.clock.monotonicMs();
    this.#sent[stream] = undefined;
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
