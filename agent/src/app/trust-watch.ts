import {
  busLimits,
  documentLimits,
  isCodedError,
  type TrustCondition,
  type VerifyCode,
} from "@modelfleet/protocol";
import type { RefusedDocument } from "../domain/refused-document.ts";
import type { StoreFault } from "../domain/store-fault.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import { Wake } from "./install/wake.ts";

/** Ordinary on a healthy wire: told with the next message, and no reason for one of its own. */
const ordinary: ReadonlySet<VerifyCode> = new Set<VerifyCode>(["ROLLBACK", "NOT_FRESH"]);

/**
 * What this device must say about the documents it gets (protocol.md 4.9, 4.10).
 *
 * 1. Fresh is an accepted document that answers this device's own hello; everything else may be a replay. Without one for
 *    `freshForMs` of uptime the device is stale: said once in the log and by a report, and in every message from then on.
 *    What runs goes on.
 * 2. The newest refusal is in every message. It makes a report of its own at most every `refusalReportPauseMsMin`,
 *    however many forged documents arrive.
 */
export class TrustWatch {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #wake: Wake;
  readonly #faults: () => readonly StoreFault[];
  #freshAtMs: number;
  #isStaleSaid = false;
  #lastRefusal: RefusedDocument | undefined;
  #isRefusalOwed = false;
  #reportedAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, log: Log, faults: () => readonly StoreFault[] = () => []) {
    this.#faults = faults;
    this.#clock = clock;
    this.#log = log;
    this.#wake = new Wake(clock);
    this.#freshAtMs = clock.monotonicMs();
  }

  /** A document that answers this device's hello was accepted. */
  fresh(): void {
    if (this.isStale()) this.#log.info({ event: "trust.fresh" }, "has a fresh document again");
    this.#freshAtMs = this.#clock.monotonicMs();
    this.#isStaleSaid = false;
    this.#wake.ring();
  }

  refused(refusal: RefusedDocument): void {
    this.#lastRefusal = refusal;
    if (ordinary.has(refusal.code)) return;
    this.#isRefusalOwed = true;
    this.#wake.ring();
  }

  isStale(): boolean {
    return this.#staleInMs() === 0;
  }

  /** What hello and report say. */
  condition(): TrustCondition {
    const [fault] = this.#faults();
    return {
      ...(fault === undefined ? {} : { storeFault: fault.code }),
      ...(this.isStale() ? { stale: true } : {}),
      ...(this.#lastRefusal === undefined ? {} : { lastRefusal: this.#lastRefusal }),
    };
  }

  async run(report: () => Promise<void>, signal: AbortSignal): Promise<void> {
    for (;;) {
      await this.#wake.listen(signal, this.#restMs());
      if (signal.aborted) return;
      await this.#say(report);
    }
  }

  async #say(report: () => Promise<void>): Promise<void> {
    const isNewlyStale = this.isStale() && !this.#isStaleSaid;
    if (!isNewlyStale && this.#owedInMs() !== 0) return;
    if (isNewlyStale) {
      const { freshForMs } = documentLimits;
      const text = `no fresh document for ${freshForMs} ms; what runs goes on, but may be out of date`;
      this.#log.warn({ event: "trust.stale", freshForMs }, text);
      this.#isStaleSaid = true;
    }
    this.#isRefusalOwed = false;
    this.#reportedAtMs = this.#clock.monotonicMs();
    await report().catch((cause: unknown) => {
      if (!isCodedError(cause)) throw cause;
      this.#log.warn({ event: "report.failed", code: cause.code }, cause.message);
    });
  }

  #restMs(): number | undefined {
    const rests = [this.#isStaleSaid ? undefined : this.#staleInMs(), this.#owedInMs()];
    const known = rests.filter((ms) => ms !== undefined);
    return known.length === 0 ? undefined : Math.min(...known);
  }

  #staleInMs(): number {
    const sinceMs = this.#clock.monotonicMs() - this.#freshAtMs;
    return Math.max(0, documentLimits.freshForMs - sinceMs);
  }

  /** Until a refusal may be reported; undefined when none waits for it. */
  #owedInMs(): number | undefined {
    if (!this.#isRefusalOwed) return undefined;
    const sinceMs = this.#clock.monotonicMs() - this.#reportedAtMs;
    return Math.max(0, busLimits.refusalReportPauseMsMin - sinceMs);
  }
}
