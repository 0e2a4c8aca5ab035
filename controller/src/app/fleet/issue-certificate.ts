import { certificateLimits, type DeviceId } from "@modelfleet/protocol";
import type { CertificateAuthority } from "../../ports/certificate-authority.ts";
import type { CertificateStore } from "../../ports/certificate-store.ts";
import type { Clock } from "../../ports/clock.ts";

export interface IssueCertificatePorts {
  /** undefined: devices log in by their secret, or by certificates of somebody else's authority. */
  readonly authority: CertificateAuthority | undefined;
  readonly certificates: CertificateStore;
  readonly clock: Clock;
}

/**
 * The client certificate of a device, over its own key (protocol.md 7.10). The enrolment has proven that it has the key,
 * so there is no certificate request. The one it has is given again while it is good for long enough: an answer that
 * got lost makes no second one.
 */
export class IssueCertificate {
  readonly #ports: IssueCertificatePorts;

  constructor(ports: IssueCertificatePorts) {
    this.#ports = ports;
  }

  /** @returns PEM; undefined when this controller makes no certificates */
  async run(device: DeviceId, publicKey: Uint8Array): Promise<string | undefined> {
    const { authority, certificates, clock } = this.#ports;
    if (authority === undefined) return undefined;
    const nowMs = clock.nowMs();
    const known = await certificates.newest(device, publicKey);
    const renewBelowMs = nowMs + certificateLimits.renewBelowMs;
    if (known !== undefined && known.expiresAtMs > renewBelowMs) return known.pem;
    await certificates.forgetExpired(nowMs);
    const serial = this.#serial();
    const expiresAtMs = nowMs + certificateLimits.deviceLifeMs;
    const pem = await authority.issue({
      name: device,
      publicKey,
      serial,
      validFromMs: nowMs - certificateLimits.clockSkewMs,
      validUntilMs: expiresAtMs,
    });
    // Written down before anybody has it, so that it can be revoked.
    await certificates.add(
      { serial, device, publicKey, pem, issuedAtMs: nowMs, expiresAtMs },
      {
        atMs: nowMs,
        actor: `device:${device}`,
        action: "certificate.issued",
        subject: `device:${device}`,
        detail: { serial, expiresAtMs },
      },
    );
    return pem;
  }

  /** Random, and positive as a number of two's complement (RFC 5280, 4.1.2.2). */
  #serial(): string {
    const bytes = Buffer.from(this.#ports.clock.randomBytes(certificateLimits.serialBytes));
    bytes.writeUInt8((bytes.readUInt8(0) & 0x3f) | 0x40, 0);
    return bytes.toString("hex");
  }
}
