import { exchangeLimits, type Sha256, sha256 } from "@modelfleet/protocol";
import type { Clock } from "../ports/clock.ts";
import type { Exchange } from "../ports/exchange.ts";
import type { Log } from "../ports/log.ts";

export interface ExchangeWatchParts {
  readonly exchange: Exchange;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Looks for an order that was carried to this device (protocol.md 5.7) and hands it on as if it had come over the
 * network. Each order is handed on once in the life of this process; a refused one is not tried again and again.
 */
export class ExchangeWatch {
  readonly #parts: ExchangeWatchParts;
  #handedOn: Sha256 | null = null;
  #nonce: string | null = null;
  #isUsed = false;

  constructor(parts: ExchangeWatchParts) {
    this.#parts = parts;
  }

  /** Of the hello that was carried away and has no answer yet. */
  nonce(): string | null {
    return this.#nonce;
  }

  /** The same nonce is not taken twice. */
  answered(nonce: string): void {
    if (this.#nonce !== nonce) return;
    this.#nonce = null;
    this.#isUsed = true;
  }

  async run(deliver: (bytes: Uint8Array) => void, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      await this.#look(deliver);
      await clock.sleep(exchangeLimits.pollMs, signal).catch(() => undefined);
    }
  }

  async #look(deliver: (bytes: Uint8Array) => void): Promise<void> {
    const { exchange, log } = this.#parts;
    if (this.#isUsed) await exchange.forgetNonce();
    this.#isUsed = false;
    const order = await exchange.order();
    if (order === undefined) return;
    const digest = sha256(order);
    if (digest === this.#handedOn) return;
    this.#handedOn = digest;
    this.#nonce = (await exchange.nonce()) ?? null;
    log.info({ event: "exchange.order" }, "an order was carried here");
    deliver(order);
  }
}
