import type { DeviceId } from "@modelfleet/protocol";
import type { EventLog } from "../../ports/event-log.ts";

export type UpStreamName = "online" | "hello" | "report" | "tele" | "req";

export interface Refusal {
  readonly code: string;
  readonly reason: string;
}

/** Counts what devices sent and nobody took in, by stream and code, and tells the log of each. */
export class RefusalCounts {
  readonly #log: EventLog;
  readonly #counts = new Map<string, number>();

  constructor(ports: { readonly log: EventLog }) {
    this.#log = ports.log;
  }

  count(device: DeviceId, stream: UpStreamName, refusal: Refusal): void {
    const key = `${stream} ${refusal.code}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    this.#log.warn({ event: "message.refused", device, stream, ...refusal }, "message refused");
  }

  snapshot(): readonly { stream: string; code: string; count: number }[] {
    return [...this.#counts].map(([key, count]) => {
      const [stream = "", code = ""] = key.split(" ");
      return { stream, code, count };
    });
  }
}
