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
 * network. Each order is handed on once as long as it lies there; a refused one is not tried again and again. Whatever is
 * wrong with the folder, the device goes on.
 */
export class ExchangeWatch {
  readonly #parts: ExchangeWatchParts;
  #handedOn: Sha256 | null = null;
  #nonce: string | null = null;
  #used: string | null = null;
  #isTroubleSaid = false;

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
    this.#used = nonce;
  }

  async run(deliver: (bytes: Uint8Array) => void, signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      await this.#safely(() => this.#forgetUsed());
      await this.#safely(() => this.#look(deliver));
      await clock.sleep(exchangeLimits.pollMs, signal).catch(() => undefined);
    }
  }

  /** A folder that cannot be read or cleared must not end the agent; what runs here has nothing to do with it. */
  async #safely(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (cause) {
      if (cause instanceof RangeError || cause instanceof TypeError) throw cause;
      if (this.#isTroubleSaid) return;
      this.#isTroubleSaid = true;
      const reason = cause instanceof Error ? cause.message : "an unknown failure";
      const text = "the folder of what is carried here cannot be used";
      this.#parts.log.warn({ event: "exchange.failed", reason }, text);
    }
  }

  async #look(deliver: (bytes: Uint8Array) => void): Promise<void> {
    const { exchange, log } = this.#parts;
    const order = await exchange.order();
    const digest = order === undefined ? null : sha256(order);
    if (digest === this.#handedOn) return;
    if (order !== undefined) this.#nonce = await this.#unusedNonce();
    // Taken away and laid here again, it is tried again: somebody mended what stood in its way.
    this.#handedOn = digest;
    if (order === undefined) return;
    log.info({ event: "exchange.order" }, "an order was carried here");
    deliver(order);
  }

  async #unusedNonce(): Promise<string | null> {
    const nonce = (await this.#parts.exchange.nonce()) ?? null;
    return nonce === this.#used ? null : nonce;
  }

  /** Another hello may have been carried away in the meantime: its nonce stays. */
  async #forgetUsed(): Promise<void> {
    const { exchange } = this.#parts;
    if (this.#used === null) return;
    if ((await exchange.nonce()) === this.#used) await exchange.forgetNonce();
    this.#used = null;
    this.#isTroubleSaid = false;
  }
}
