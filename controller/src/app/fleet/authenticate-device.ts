import { timingSafeEqual } from "node:crypto";
import { DeviceId, sha256 } from "@modelfleet/protocol";
import type { FleetStore } from "../../ports/fleet-store.ts";

const NOBODY = sha256(new Uint8Array(0));

/** Whether a name and a secret are those of an enrolled device; as long for a wrong name as for a wrong secret. */
export class AuthenticateDevice {
  readonly #fleet: FleetStore;

  constructor(ports: { readonly fleet: FleetStore }) {
    this.#fleet = ports.fleet;
  }

  /** @returns the device, or undefined when the name or the secret is wrong */
  async run(id: string, secret: string): Promise<DeviceId | undefined> {
    const device = DeviceId.safeParse(id);
    if (!device.success) return undefined;
    const stored = await this.#fleet.secretOf(device.data);
    const given = Buffer.from(sha256(Buffer.from(secret, "utf8")), "hex");
    const isEqual = timingSafeEqual(given, Buffer.from(stored ?? NOBODY, "hex"));
    return isEqual && stored !== undefined ? device.data : undefined;
  }

  /**
   * By a certificate somebody else has checked: whether the device is a member.
   *
   * @param publicKey raw Ed25519 key of the certificate; null when its authority does not certify device keys
   */
  async recognizes(id: DeviceId, publicKey: Uint8Array | null): Promise<boolean> {
    const device = await this.#fleet.device(id);
    if (device?.state !== "active") return false;
    return publicKey === null || Buffer.from(device.publicKey).equals(publicKey);
  }
}
