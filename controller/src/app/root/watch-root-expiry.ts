import { keyLimits } from "@modelfleet/protocol";
import { rootExpiry } from "../../domain/root/root-expiry.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { Keys } from "../../ports/keys.ts";

export interface WatchRootExpiryPorts {
  readonly clock: Clock;
  readonly keys: Keys;
  readonly log: EventLog;
}

/** Says at the start and then every day that the root's end is near, from 90 days on; in the last week as an error. */
export class WatchRootExpiry implements Disposable {
  readonly #ports: WatchRootExpiryPorts;
  #timer: Disposable | undefined;

  constructor(ports: WatchRootExpiryPorts) {
    this.#ports = ports;
  }

  start(): void {
    this.look();
    this.#timer ??= this.#ports.clock.every(keyLimits.rootLookMs, () => {
      this.look();
      return Promise.resolve();
    });
  }

  look(): void {
    const { clock, keys, log } = this.#ports;
    const { document } = keys.root();
    const { daysLeft, expiry } = rootExpiry(document, clock.nowMs());
    const facts = { version: document.version, expires: document.expires, daysLeft, expiry };
    const soon = { event: "root.expires-soon", ...facts };
    switch (expiry) {
      case "good":
        break;
      case "in-90-days":
      case "in-30-days":
        log.warn(soon, "make the next root: modelfleet root rotate");
        break;
      case "in-7-days":
        log.error(soon, "make the next root now, or devices take nothing new");
        break;
      case "expired":
        log.error({ event: "root.expired", ...facts }, "devices take nothing new until the next");
        break;
    }
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }
}
