import { accessLimits } from "@modelfleet/protocol";
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from "jose";
import { AccessError } from "../../domain/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { KeySource } from "./key-source.ts";

const { issuerCooldownMs, issuerKeysAgeMsMax, issuerKeysStaleMsMax } = accessLimits;

export interface IssuerKeysOptions {
  readonly source: KeySource;
  readonly clock: Pick<Clock, "nowMs">;
  readonly log: EventLog;
}

interface Held {
  readonly find: (...token: Parameters<JWTVerifyGetKey>) => ReturnType<JWTVerifyGetKey>;
  readonly atMs: number;
}

/**
 * The issuer's public keys, kept for a while. Rules:
 *
 * 1. They are fetched when first needed, so the controller starts whether or not the issuer is there.
 * 2. They are fetched again when they are old, and when a token names a key that is not among them; never more often
 *    than the cooldown allows, whatever tokens claim and whether or not the issuer answers.
 * 3. While the issuer does not answer the old ones go on serving, for a day.
 */
export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  #held: Held | undefined;
  #triedAtMs = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
  }

  /** The key a token is signed with. @throws AccessError LOGIN_UNAVAILABLE; JOSEError when there is no such key */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    if (this.#ageMs() > issuerKeysAgeMsMax) await this.#refresh();
    const held = this.#usable();
    try {
      return await held.find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await this.#refresh();
      return this.#usable().find(header, token);
    }
  };

  #usable(): Held {
    if (this.#held !== undefined && this.#ageMs() <= issuerKeysStaleMsMax) return this.#held;
    throw new AccessError(
      "LOGIN_UNAVAILABLE",
      "expected the identity provider's keys, it does not answer: try again later, or use an API key",
    );
  }

  #ageMs(): number {
    return this.#options.clock.nowMs() - (this.#held?.atMs ?? Number.NEGATIVE_INFINITY);
  }

  async #refresh(): Promise<void> {
    const nowMs = this.#options.clock.nowMs();
    if (this.#fetching === undefined && nowMs - this.#triedAtMs < issuerCooldownMs) return;
    this.#triedAtMs = nowMs;
    // Whoever comes meanwhile waits for the same answer.
    this.#fetching ??= this.#fetch(nowMs).finally(() => {
      this.#fetching = undefined;
    });
    await this.#fetching;
  }

  async #fetch(nowMs: number): Promise<void> {
    try {
      const keys: JSONWebKeySet = await this.#options.source();
      this.#held = { find: createLocalJWKSet(keys), atMs: nowMs };
    } catch (error) {
      const reason = error instanceof Error ? error.message.slice(0, 512) : "unknown";
      const event = { event: "issuer.not-answering", reason };
      this.#options.log.warn(event, "the identity provider's keys could not be fetched");
    }
  }
}
