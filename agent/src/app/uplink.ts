import {
  AckMessage,
  busLimits,
  ControllerStateMessage,
  type DesiredModel,
  type DeviceId,
  type Signer,
  type SlotReport,
} from "@modelfleet/protocol";
import type { Bus, BusListener } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import type { FactsSource } from "../ports/facts-source.ts";
import type { Log } from "../ports/log.ts";
import type { Outbox } from "../ports/outbox.ts";
import type { StateRecord } from "./install/state-record.ts";
import { OutboxSender } from "./outbox-sender.ts";
import { parseMessage } from "./parse-message.ts";
import { signHello } from "./sign-hello.ts";
import type { TrustWatch } from "./trust-watch.ts";

export interface UplinkParts {
  readonly device: DeviceId;
  readonly signer: Signer;
  readonly agentVersion: string;
  readonly bus: Bus;
  readonly outbox: Outbox;
  readonly record: StateRecord;
  readonly facts: FactsSource;
  readonly clock: Clock;
  readonly log: Log;
  readonly watch: Pick<TrustWatch, "condition" | "fresh">;
}

/** Where the uplink hands over what arrives, and asks what runs. */
export interface UplinkTarget {
  readonly deliver: (bytes: Uint8Array) => void;
  readonly slots: () => SlotReport[];
  readonly wanted: () => readonly DesiredModel[];
}

/**
 * The conversation with the controller (mqtt.md 2–4).
 *
 * 1. On every connection: hello with a fresh nonce, then what the outbox owes. A new epoch of the controller, another root,
 *    a day of uptime: hello again. However many reasons there are, one hello waits at a time.
 * 2. Every 15 minutes, with jitter, ask for the desired document, so that a lost message costs no more than that; by another
 *    hello where the last one has no answer.
 * 3. Nothing here is needed for answering inferences.
 */
export class Uplink {
  readonly #parts: UplinkParts;
  readonly #sender: OutboxSender;
  #target: UplinkTarget | undefined;
  #nonce: string | null = null;
  #epoch: string | null = null;
  #helloAtMs = Number.NEGATIVE_INFINITY;
  /** The hello that waits for its moment. */
  #planned: { readonly atMs: number; readonly cancel: AbortController } | undefined;
  #signal: AbortSignal = AbortSignal.abort();

  constructor(parts: UplinkParts) {
    this.#parts = parts;
    this.#sender = new OutboxSender(parts);
  }

  async run(target: UplinkTarget, signal: AbortSignal): Promise<void> {
    this.#target = target;
    this.#signal = signal;
    await Promise.all([
      this.#parts.bus.run(this.#listener(), signal),
      this.#sender.run(signal),
      this.#poll(signal),
      this.#sayDaily(signal),
    ]);
  }

  nonce(): string | null {
    return this.#nonce;
  }

  /** A hello has its answer; the same nonce is not taken twice. */
  answered(nonce: string): void {
    this.#parts.watch.fresh();
    if (this.#nonce === nonce) this.#nonce = null;
  }

  /** Something new is in the outbox. */
  stored(): void {
    this.#sender.wake();
  }

  /** Say hello soon, not more often than every `helloPauseMsMin`. */
  needHello(): void {
    const sinceMs = this.#parts.clock.monotonicMs() - this.#helloAtMs;
    this.#helloAfter(Math.max(0, busLimits.helloPauseMsMin - sinceMs));
  }

  /** What is wanted may have changed: ask, if the broker is there; the next hello or poll does else. */
  askDesired(): void {
    const { bus, clock } = this.#parts;
    if (!bus.connected()) return;
    const cid = Buffer.from(clock.randomBytes(8)).toString("hex");
    const question = new TextEncoder().encode(JSON.stringify({ v: 1, cid }));
    this.#detach(bus.request("get-desired", question), "get-desired");
  }

  /** Say hello at once: the controller should know. */
  sayHello(): void {
    this.#helloAfter(0);
  }

  #listener(): BusListener {
    return {
      connected: () => {
        this.#parts.log.info({ event: "bus.online" }, "connected to the broker");
        this.#sender.again();
        this.#helloAfter(0);
      },
      disconnected: () => this.#sender.disconnected(),
      desired: (bytes) => this.#target?.deliver(bytes),
      acknowledged: (bytes) => this.#acknowledged(bytes),
      controllerState: (bytes) => this.#controllerState(bytes),
    };
  }

  #acknowledged(bytes: Uint8Array): void {
    const ack = parseMessage(AckMessage, bytes);
    if (ack === undefined) {
      this.#ignored("ack");
      return;
    }
    // protocol.md 3.11
    if (ack.again === true) {
      this.needHello();
      return;
    }
    const { stream, boot, seq, from } = ack;
    this.#detach(this.#sender.acknowledged(stream, { boot, seq }, from), "ack");
  }

  #controllerState(bytes: Uint8Array): void {
    const state = parseMessage(ControllerStateMessage, bytes);
    if (state === undefined) this.#ignored("controller state");
    if (state?.online !== true) return;
    const before = this.#epoch;
    this.#epoch = state.epoch;
    if (before === null || before === state.epoch) return;
    const { clock } = this.#parts;
    this.#helloAfter(clock.chance() * Math.min(state.jitterMs, busLimits.helloJitterMsMax));
  }

  #helloAfter(delayMs: number): void {
    const { clock } = this.#parts;
    const atMs = clock.monotonicMs() + delayMs;
    if (this.#planned !== undefined && this.#planned.atMs <= atMs) return;
    this.#planned?.cancel.abort();
    const planned = { atMs, cancel: new AbortController() };
    this.#planned = planned;
    this.#detach(this.#helloAt(delayMs, planned.cancel.signal), "hello");
  }

  async #helloAt(delayMs: number, cancelled: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    // Rejects when it is cancelled: then an earlier one is planned.
    const passed = clock.sleep(delayMs, AbortSignal.any([this.#signal, cancelled]));
    const isDue = await passed.then(
      () => true,
      () => false,
    );
    if (!isDue || cancelled.aborted) return;
    this.#planned = undefined;
    await this.#hello();
  }

  async #hello(): Promise<void> {
    const { bus, clock, device, record, signer, agentVersion, watch, outbox } = this.#parts;
    const facts = await this.#parts.facts.read();
    if (!bus.connected() || this.#target === undefined) return;
    const nonce = Buffer.from(clock.randomBytes(16)).toString("base64");
    // From here to its signature in one go: it is newer than every report that it counts.
    const state = record.current();
    const bytes = signHello({
      ...{ device, signer, agentVersion, nonce, state, facts },
      reports: outbox.reportsBegun(),
      owed: outbox.oldestReport(),
      nowMs: clock.nowMs(),
      condition: watch.condition(),
      slots: this.#target.slots(),
    });
    // Before it is sent: the answer may be here before the broker's acknowledgement.
    this.#nonce = nonce;
    this.#helloAtMs = clock.monotonicMs();
    // Nothing comes between: the controller counts from the first message behind a hello (protocol.md 3.11).
    this.#sender.again();
    await bus.publish("hello", bytes);
  }

  /** trust.md 6: a document that is fresh whatever the clock says, once for each day of uptime. */
  async #sayDaily(signal: AbortSignal): Promise<void> {
    const { bus, clock } = this.#parts;
    for (;;) {
      const pauseMs = busLimits.helloEveryMs * (0.9 + 0.1 * clock.chance());
      await clock.sleep(pauseMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      if (bus.connected()) this.#helloAfter(0);
    }
  }

  async #poll(signal: AbortSignal): Promise<void> {
    const { bus, clock } = this.#parts;
    while (!signal.aborted) {
      const pauseMs = busLimits.desiredPollMs * (0.8 + 0.4 * clock.chance());
      await clock.sleep(pauseMs, signal).catch(() => undefined);
      if (this.#nonce === null) this.askDesired();
      else if (bus.connected()) this.sayHello();
    }
  }

  #ignored(what: string): void {
    this.#parts.log.warn({ event: "message.ignored", what }, `a ${what} message has another form`);
  }

  /** What is not awaited must not end the process: a message that was not sent is sent at the next occasion. */
  #detach(promise: Promise<void>, what: string): void {
    promise.catch((cause: unknown) => {
      if (this.#signal.aborted) return;
      const reason = cause instanceof Error ? cause.message : "an unknown failure";
      this.#parts.log.warn({ event: "message.failed", what, reason }, `${what} did not go through`);
    });
  }
}
