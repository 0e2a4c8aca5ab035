import { controllerLimits } from "@modelfleet/protocol";
import { systemPrincipal } from "../../domain/access/principal.ts";
import { StoreError } from "../../domain/errors.ts";
import type { AuditLog } from "../../ports/audit-log.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { TelemetryStore } from "../../ports/telemetry-store.ts";

export interface ForgetTelemetryPorts {
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly log: EventLog;
  readonly telemetry: TelemetryStore;
}

/**
 * Telemetry stays for `telemetryAgeMsMax` after it was received, at the start and every day looked at anew. By then a
 * device no longer holds it either (`outboxLimits.ageMsMax`), so nothing forgotten comes again as if it were new.
 */
export class ForgetTelemetry implements Disposable {
  readonly #ports: ForgetTelemetryPorts;
  #timer: Disposable | undefined;

  constructor(ports: ForgetTelemetryPorts) {
    this.#ports = ports;
  }

  /** From now on every day. */
  start(): void {
    this.#timer ??= this.#ports.clock.every(controllerLimits.forgetEveryMs, () => this.run());
  }

  async run(): Promise<void> {
    const { audit, clock, log } = this.#ports;
    try {
      const batches = await this.#forget(clock.nowMs() - controllerLimits.telemetryAgeMsMax);
      if (batches === 0) return;
      await audit.append({
        atMs: clock.nowMs(),
        actor: systemPrincipal.id,
        action: "telemetry.forgotten",
        subject: "telemetry",
        detail: { batches, ageMsMax: controllerLimits.telemetryAgeMsMax },
      });
      log.info({ event: "telemetry.forgotten", batches }, "old telemetry removed");
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      const event = { event: "telemetry.not-forgotten", code: error.code, reason: error.message };
      log.error(event, "old telemetry stays for another day");
    }
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  /** It ends: nothing that is received from here on is old. */
  async #forget(receivedBeforeMs: number): Promise<number> {
    const { batchesPerForgetMax } = controllerLimits;
    for (let total = 0; ; ) {
      const removed = await this.#ports.telemetry.forget(receivedBeforeMs, batchesPerForgetMax);
      total += removed;
      if (removed < batchesPerForgetMax) return total;
    }
  }
}
