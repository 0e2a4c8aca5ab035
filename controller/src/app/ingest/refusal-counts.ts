import type { DeviceId, RefusalCount } from "@modelfleet/protocol";
import type { AuditTally } from "../../ports/audit-log.ts";
import type { EventLog } from "../../ports/event-log.ts";

export type UpStreamName = "online" | "hello" | "report" | "tele" | "req";

export interface Refusal {
  readonly code: string;
  readonly reason: string;
}

/**
 * Counts what devices sent and nobody took in, by stream and code, and tells the log of each; the audit log gets one entry a
 * minute and code.
 */
export class RefusalCounts {
  readonly #log: EventLog;
  readonly #tally: AuditTally;
  readonly #counts = new Map<string, RefusalCount>();

  constructor({ log, tally }: { readonly log: EventLog; readonly tally: AuditTally }) {
    this.#log = log;
    this.#tally = tally;
  }

  count(device: DeviceId, stream: UpStreamName, refusal: Refusal): void {
    this.add(device, stream, refusal.code);
    this.#tally.count({ action: "message.refused", reason: refusal.code });
    this.#log.warn({ event: "message.refused", device, stream, ...refusal }, "message refused");
  }

  /** Only counts: what was taken in and is nevertheless a sign of something wrong. */
  add(device: DeviceId, stream: UpStreamName, code: string): void {
    const key = `${stream} ${code}`;
    const count = (this.#counts.get(key)?.count ?? 0) + 1;
    this.#counts.set(key, { stream, code, count, lastDevice: device });
  }

  snapshot(): readonly RefusalCount[] {
    return [...this.#counts.values()];
  }
}
