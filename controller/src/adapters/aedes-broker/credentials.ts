import type { DeviceId } from "@modelfleet/protocol";
import type { Client } from "aedes";
import type { DeviceDoor } from "../../ports/device-door.ts";
import type { BrokerTls, ClientAuthority } from "./broker-tls.ts";
import { guardOf } from "./frame-guard.ts";
import type { Peer } from "./peer-certificate.ts";

/** @returns why the device is not who it says; undefined when it is */
export type Credentials = (
  device: DeviceId,
  secret: string,
  client: Client,
) => Promise<string | undefined>;

export interface CredentialsOptions {
  readonly door: Pick<DeviceDoor, "authenticate" | "recognize">;
  readonly tls: BrokerTls | undefined;
  readonly nowMs: () => number;
}

/** By certificate where there is an authority for them (protocol.md 7.10), by secret elsewhere; never by either. */
export function credentials({ door, tls, nowMs }: CredentialsOptions): Credentials {
  return async (device, secret, client) => {
    const clients = tls?.clients;
    if (clients === undefined) {
      return (await door.authenticate(device, secret)) ? undefined : "SECRET";
    }
    const peer = guardOf(client)?.peer ?? { kind: "anonymous" };
    const refusal = judgePeer(peer, device, nowMs());
    if (refusal !== undefined || peer.kind !== "certified") return refusal;
    const key = keyToCompare(peer, clients);
    return (await door.recognize(device, key)) ? undefined : "NOT_A_MEMBER";
  };
}

function judgePeer(peer: Peer, device: DeviceId, nowMs: number): string | undefined {
  switch (peer.kind) {
    case "anonymous":
      return "CERTIFICATE_EXPECTED";
    case "refused":
      return `CERTIFICATE_${peer.reason.slice(0, 64)}`;
    case "certified":
      if (peer.name !== device) return "CERTIFICATE_NAME";
      // A resumed TLS session was judged when it began.
      return nowMs < peer.validUntilMs ? undefined : "CERTIFICATE_CERT_HAS_EXPIRED";
  }
}

/** Of the fleet's own authority a certificate without the device's key does not exist. */
function keyToCompare(
  { publicKey }: Peer & { readonly kind: "certified" },
  { certifiesDeviceKeys }: ClientAuthority,
): Uint8Array | null {
  return certifiesDeviceKeys ? (publicKey ?? new Uint8Array(0)) : null;
}
