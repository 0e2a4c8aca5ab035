import type { DeviceId } from "@modelfleet/protocol";
import { CertificateError } from "../../domain/errors.ts";
import type { FleetStore } from "../../ports/fleet-store.ts";
import { IssueCertificate, type IssueCertificatePorts } from "./issue-certificate.ts";
import { activeDevice } from "./known-device.ts";

/** Gives a member its client certificate again, and a new one before the old one ends. */
export class FetchCertificate {
  readonly #fleet: FleetStore;
  readonly #certificates: IssueCertificate;

  constructor(ports: IssueCertificatePorts & { readonly fleet: FleetStore }) {
    this.#fleet = ports.fleet;
    this.#certificates = new IssueCertificate(ports);
  }

  /** @returns PEM @throws CertificateError NO_AUTHORITY @throws DeviceStateError DEVICE_REVOKED */
  async run(id: DeviceId): Promise<string> {
    const { publicKey } = await activeDevice(this.#fleet, id);
    const pem = await this.#certificates.run(id, publicKey);
    if (pem !== undefined) return pem;
    throw new CertificateError(
      "NO_AUTHORITY",
      "expected nothing: devices of this controller log in by their secret",
    );
  }
}
