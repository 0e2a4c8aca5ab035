import { timingSafeEqual } from "node:crypto";
import { type ApiKeyId, accessLimits, sha256 } from "@modelfleet/protocol";
import { readApiKey } from "../../domain/access/api-key.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { StoreError } from "../../domain/errors.ts";
import type { AccessStore, ApiKeyRecord } from "../../ports/access-store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { TokenVerifier } from "../../ports/token-verifier.ts";

const NOBODY = sha256(new Uint8Array(0));

export interface AuthenticateCallerPorts {
  readonly access: AccessStore;
  readonly clock: Clock;
  readonly log: EventLog;
  /** None: only API keys are taken. */
  readonly tokens?: TokenVerifier | undefined;
}

/** Who calls, told from a bearer token: an API key of this controller, or a token of the identity provider. */
export class AuthenticateCaller {
  readonly #ports: AuthenticateCallerPorts;

  constructor(ports: AuthenticateCallerPorts) {
    this.#ports = ports;
  }

  /**
   * @returns undefined when the token opens nothing
   * @throws AccessError LOGIN_UNAVAILABLE
   */
  async run(token: string): Promise<Principal | undefined> {
    if (Buffer.byteLength(token) > accessLimits.tokenBytesMax) return undefined;
    const key = readApiKey(token);
    if (key === undefined) return this.#ports.tokens?.verify(token);
    const record = await this.#ports.access.key(key.id);
    const nowMs = this.#ports.clock.nowMs();
    // An unknown id costs what a known one does: one look-up, one digest, one comparison.
    const isEqual = isSame(key.secret, record?.secretSha256 ?? NOBODY);
    if (!isEqual || record === undefined || !isUsable(record, nowMs)) return undefined;
    await this.#noteUse(record, nowMs);
    return { kind: "api-key", id: `key:${record.id}`, grants: record.grants };
  }

  async #noteUse({ id, lastUsedAtMs }: ApiKeyRecord, nowMs: number): Promise<void> {
    if (lastUsedAtMs !== null && nowMs - lastUsedAtMs < accessLimits.keyUsedEveryMs) return;
    try {
      await this.#ports.access.keyUsed(id, nowMs);
    } catch (error) {
      // A full disk must not keep the operator out who comes to free it.
      if (!(error instanceof StoreError)) throw error;
      this.#warn(id, error);
    }
  }

  #warn(key: ApiKeyId, { code, message }: StoreError): void {
    const event = { event: "api-key.use-not-noted", key, code, reason: message };
    this.#ports.log.warn(event, "the use of a key was not written down");
  }
}

export function isUsable(key: ApiKeyRecord, nowMs: number): boolean {
  return key.revokedAtMs === null && nowMs < key.expiresAtMs;
}

function isSame(secret: string, storedSha256: string): boolean {
  const given = sha256(Buffer.from(secret, "utf8"));
  return timingSafeEqual(Buffer.from(given, "hex"), Buffer.from(storedSha256, "hex"));
}
