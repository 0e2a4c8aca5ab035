import { auditLimits, isCodedError } from "@modelfleet/protocol";
import { systemPrincipal } from "../../domain/access/principal.ts";
import type { AuditLog, AuditTally, TalliedEvent } from "../../ports/audit-log.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EventLog } from "../../ports/event-log.ts";

export interface MinuteTallyPorts {
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly log: EventLog;
}

type Count = TalliedEvent & { readonly times: number };

/** What strangers can make happen as often as they like costs the audit log one entry a minute and reason. */
export class MinuteTally implements AuditTally, AsyncDisposable {
  readonly #ports: MinuteTallyPorts;
  #counts = new Map<string, Count>();
  #timer: Disposable | undefined;

  constructor(ports: MinuteTallyPorts) {
    this.#ports = ports;
  }

  start(): void {
    this.#timer ??= this.#ports.clock.every(auditLimits.tallyEveryMs, () => this.#write());
  }

  readonly count = (event: TalliedEvent): void => {
    const key = `${event.action} ${event.reason}`;
    const hasRoom = this.#counts.has(key) || this.#counts.size < auditLimits.tallyReasonsMax;
    const counted = hasRoom ? event : { action: "more.refused", reason: "OTHER" };
    const name = hasRoom ? key : "";
    const times = (this.#counts.get(name)?.times ?? 0) + 1;
    this.#counts.set(name, { ...counted, times });
  };

  /** Writes down what is counted. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    await this.#write();
  }

  async #write(): Promise<void> {
    const counts = this.#counts;
    this.#counts = new Map();
    for (const count of counts.values()) await this.#append(count);
  }

  async #append({ action, reason, times }: Count): Promise<void> {
    const { audit, clock, log } = this.#ports;
    const atMs = clock.nowMs();
    try {
      const detail = { reason, times, withinMs: auditLimits.tallyEveryMs };
      await audit.append({ atMs, actor: systemPrincipal.id, action, subject: reason, detail });
    } catch (error) {
      if (!isCodedError(error)) throw error;
      const event = { event: "audit.not-written", action, reason, times, code: error.code };
      log.error(event, "refusals were not written down");
    }
  }
}
