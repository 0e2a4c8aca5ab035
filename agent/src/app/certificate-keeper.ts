import { certificateLimits, isCodedError } from "@modelfleet/protocol";
import type { EnrolmentRecord } from "../domain/enrolment-record.ts";
import type { CertificateService, DeviceCertificate } from "../ports/certificate-service.ts";
import type { Clock } from "../ports/clock.ts";
import type { IdentityStore } from "../ports/identity-store.ts";
import type { Log } from "../ports/log.ts";

export interface CertificateKeeperParts {
  readonly identity: Pick<IdentityStore, "replaceRecord">;
  readonly service: CertificateService;
  readonly clock: Clock;
  readonly log: Log;
  /** Of the device's own key; 32 bytes. */
  readonly publicKey: Uint8Array;
}

/**
 * Holds the certificate this device logs in to the broker with, and fetches the next one long before it ends; a device
 * that has none asks for its first. Whatever fails, what it has goes on being used.
 */
export class CertificateKeeper {
  readonly #parts: CertificateKeeperParts;
  #record: EnrolmentRecord;
  #held: DeviceCertificate | undefined;

  constructor(parts: CertificateKeeperParts, record: EnrolmentRecord) {
    this.#parts = parts;
    this.#record = record;
    this.#held = record.certificate === undefined ? undefined : this.#own(record.certificate);
  }

  /** PEM; undefined while it has none. */
  current(): string | undefined {
    return this.#held?.pem;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts;
    while (!signal.aborted) {
      const isDone = !this.#isDue() || (await this.#renew(signal));
      const { lookEveryMs, retryMs } = certificateLimits;
      await clock.sleep(isDone ? lookEveryMs : retryMs, signal).catch(() => undefined);
    }
  }

  #isDue(): boolean {
    const dueAtMs = (this.#held?.validUntilMs ?? 0) - certificateLimits.renewBelowMs;
    return this.#parts.clock.nowMs() >= dueAtMs;
  }

  /** @returns whether there is nothing to do for a day */
  async #renew(signal: AbortSignal): Promise<boolean> {
    const { identity, service, log } = this.#parts;
    try {
      const pem = await service.fetch(signal);
      if (pem === undefined) return true;
      const next = this.#own(pem);
      if (next === undefined) {
        log.warn({ event: "certificate.foreign" }, "got a certificate that is not of this device");
        return false;
      }
      this.#held = next;
      this.#record = { ...this.#record, certificate: pem };
      await identity.replaceRecord(this.#record);
      log.info({ event: "certificate.renewed" }, "has a new certificate for the broker");
      return true;
    } catch (cause) {
      if (!isCodedError(cause)) throw cause;
      if (!signal.aborted)
        log.warn({ event: "certificate.failed", code: cause.code }, cause.message);
      return false;
    }
  }

  /** undefined unless it is of this device and its key: any other would only be refused. */
  #own(pem: string): DeviceCertificate | undefined {
    const certificate = this.#parts.service.read(pem);
    if (certificate?.name !== this.#record.device) return undefined;
    const { publicKey } = certificate;
    const isMine = publicKey !== undefined && Buffer.from(publicKey).equals(this.#parts.publicKey);
    return isMine ? certificate : undefined;
  }
}
