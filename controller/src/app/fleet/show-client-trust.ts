import type { ClientTrust } from "@modelfleet/protocol";
import { CertificateError } from "../../domain/errors.ts";
import type { CertificateAuthority } from "../../ports/certificate-authority.ts";
import type { CertificateStore } from "../../ports/certificate-store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { FleetStore } from "../../ports/fleet-store.ts";

export interface ShowClientTrustPorts {
  readonly authority: CertificateAuthority | undefined;
  readonly certificates: CertificateStore;
  readonly clock: Clock;
  readonly fleet: FleetStore;
}

/** What a broker elsewhere must know to let in the devices of this fleet and nobody else. */
export class ShowClientTrust {
  readonly #ports: ShowClientTrustPorts;

  constructor(ports: ShowClientTrustPorts) {
    this.#ports = ports;
  }

  /** @throws CertificateError NO_AUTHORITY */
  async run(): Promise<ClientTrust> {
    const { authority, certificates, clock, fleet } = this.#ports;
    if (authority === undefined) {
      throw new CertificateError(
        "NO_AUTHORITY",
        "expected a controller that makes client certificates: start it with --mqtt-client-ca auto or --broker-url",
      );
    }
    const nowMs = clock.nowMs();
    const serials = await certificates.revoked(nowMs);
    const devices = await fleet.devices();
    return {
      authority: authority.pem,
      revocationList: await authority.revocationList(serials, nowMs),
      revokedDevices: devices.flatMap(({ id, state }) => (state === "revoked" ? [id] : [])),
    };
  }
}
