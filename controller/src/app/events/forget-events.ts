import { eventLimits } from "@modelfleet/protocol";
import { StoreError } from "../../domain/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { EventStore } from "../../ports/event-store.ts";

export interface ForgetEventsPorts {
  readonly clock: Clock;
  readonly events: EventStore;
  readonly log: EventLog;
}

/** Events stay for `eventLimits.keptMs`, and longer where a webhook has not been told yet. */
export class ForgetEvents implements Disposable {
  readonly #ports: ForgetEventsPorts;
  #timer: Disposable | undefined;

  constructor(ports: ForgetEventsPorts) {
    this.#ports = ports;
  }

  start(): void {
    this.#timer ??= this.#ports.clock.every(eventLimits.forgetEveryMs, () => this.run());
  }

  async run(): Promise<void> {
    const { clock, events, log } = this.#ports;
    const { keptMs, forgottenPerTurnMax } = eventLimits;
    try {
      const beforeMs = clock.nowMs() - keptMs;
      while ((await events.forget(beforeMs, forgottenPerTurnMax)) === forgottenPerTurnMax);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      const event = { event: "events.not-forgotten", code: error.code, reason: error.message };
      log.error(event, "old events stay for another hour");
    }
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }
}
