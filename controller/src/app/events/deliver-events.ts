import { eventLimits, isCodedError, type WebhookId } from "@modelfleet/protocol";
import { cloudEventText } from "../../domain/events/cloud-event.ts";
import { judgeAttempt } from "../../domain/events/judge-attempt.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { EventSender } from "../../ports/event-sender.ts";
import type { DueDelivery, EventStore } from "../../ports/event-store.ts";
import type { Keys } from "../../ports/keys.ts";

const HOLDER_BYTES = 8;
const CHANCE_BYTES = 4;

export interface DeliverEventsPorts {
  readonly clock: Clock;
  readonly events: EventStore;
  readonly keys: Pick<Keys, "root">;
  readonly log: EventLog;
  readonly sender: EventSender;
  /** Told of a failure nobody expected. */
  readonly onDefect: (error: unknown) => void;
}

/**
 * Brings events to webhooks. Rules:
 *
 * 1. One process delivers: the one with the lease.
 * 2. Each webhook has a lane of its own and one event under way in it. Whoever does not answer holds up nobody else.
 * 3. An event is sent, and what came of it is stored after that. After a crash in between it is sent again, with the same
 *    id and the same body: at least once, and the receiver can tell.
 * 4. After a failure the lane has its next turn with the next tick; the event has its own time (`judgeAttempt`).
 */
export class DeliverEvents implements AsyncDisposable {
  readonly #ports: DeliverEventsPorts;
  readonly #holder: string;
  readonly #lanes = new Map<WebhookId, Promise<void>>();
  readonly #closing = new AbortController();
  #timer: Disposable | undefined;
  #leadsUntilMs = 0;

  constructor(ports: DeliverEventsPorts) {
    this.#ports = ports;
    this.#holder = Buffer.from(ports.clock.randomBytes(HOLDER_BYTES)).toString("hex");
  }

  start(): void {
    this.#timer ??= this.#ports.clock.every(eventLimits.tickMs, () => this.#begin());
  }

  /** Resolves when every turn it began is over. */
  async tick(): Promise<void> {
    await this.#begin();
    await this.#settled();
  }

  /** What is under way is left: it is sent again by whoever comes next. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#closing.abort();
    await this.#settled();
  }

  async #settled(): Promise<void> {
    await Promise.all(this.#lanes.values());
  }

  /** Rules 1 and 2; waits for no lane. */
  async #begin(): Promise<void> {
    const { clock, events } = this.#ports;
    await this.#guarded(async () => {
      if (!(await this.#leads()) || this.#closing.signal.aborted) return;
      for (const webhook of await events.waiting(clock.nowMs())) this.#open(webhook);
    });
  }

  /** The lease is a write: it is prolonged when half of it is over. */
  async #leads(): Promise<boolean> {
    const { clock, events } = this.#ports;
    const nowMs = clock.nowMs();
    const leftMs = this.#leadsUntilMs - nowMs;
    if (leftMs > eventLimits.leaseMs / 2 && leftMs <= eventLimits.leaseMs) return true;
    const untilMs = nowMs + eventLimits.leaseMs;
    this.#leadsUntilMs = (await events.lease(this.#holder, { nowMs, untilMs })) ? untilMs : 0;
    return this.#leadsUntilMs > 0;
  }

  #open(webhook: WebhookId): void {
    if (this.#lanes.has(webhook)) return;
    const turn = this.#guarded(() => this.#turn(webhook)).finally(() =>
      this.#lanes.delete(webhook),
    );
    this.#lanes.set(webhook, turn);
  }

  async #turn(webhook: WebhookId): Promise<void> {
    const { clock, events } = this.#ports;
    for (let sent = 0; sent < eventLimits.deliveriesPerTurnMax; sent++) {
      if (this.#closing.signal.aborted || clock.nowMs() >= this.#leadsUntilMs) return;
      const due = await events.nextDue(webhook, clock.nowMs());
      if (due === undefined || !(await this.#deliver(due))) return;
    }
  }

  /** Rule 3. @returns whether the receiver took it */
  async #deliver(due: DueDelivery): Promise<boolean> {
    const { clock, events, keys, sender } = this.#ports;
    const { url, secret, event } = due;
    const body = cloudEventText(keys.root().document.fleet, event);
    const message = { url, secret, body, id: event.id, sentAtMs: clock.nowMs() };
    const outcome = await sender.send(message, this.#closing.signal);
    if (this.#closing.signal.aborted) return false;
    const attempt = { ...due, nowMs: clock.nowMs(), chance: this.#chance() };
    const progress = judgeAttempt(outcome, attempt);
    await events.record(due, progress);
    if (progress.state === "failed") this.#tellGivenUp(due, progress.outcome);
    return progress.state === "delivered";
  }

  #tellGivenUp({ webhook, event, attempts }: DueDelivery, reason: string): void {
    const what = { webhook, id: event.id, type: event.type, attempts: attempts + 1, reason };
    this.#ports.log.warn({ event: "webhook.given-up", ...what }, "an event was not delivered");
  }

  /** In [0, 1). */
  #chance(): number {
    const bytes = Buffer.from(this.#ports.clock.randomBytes(CHANCE_BYTES));
    return bytes.readUInt32BE() / 2 ** 32;
  }

  /** A database that does not work now may work with the next tick. */
  async #guarded(task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      if (!isCodedError(error)) {
        this.#ports.onDefect(error);
        return;
      }
      const event = { event: "webhook.turn-failed", code: error.code, reason: error.message };
      this.#ports.log.warn(event, "events were not delivered; tried again soon");
    }
  }
}
