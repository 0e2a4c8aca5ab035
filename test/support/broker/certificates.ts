import "reflect-metadata";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { openFleetAuthority } from "../../../controller/src/adapters/certificates/fleet-authority.ts";
import type { CertificateAuthority } from "../../../controller/src/ports/certificate-authority.ts";

const p256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const dayMs = 86_400_000;

/** A certificate and its key, PEM. */
export interface Certified {
  readonly cert: string;
  readonly key: string;
}

export interface ClientCertificate extends Certified {
  readonly serial: string;
  /** Raw Ed25519 public key. */
  readonly publicKey: Uint8Array;
}

/** The fleet's real authority in a folder of its own. */
export function authorityIn(folder: string): Promise<CertificateAuthority> {
  const clock = {
    nowMs: Date.now,
    randomBytes,
    every: () => ({ [Symbol.dispose]: () => undefined }),
  };
  return openFleetAuthority(folder, { fleet: "a fleet for tests", clock });
}

/** As the enrolment of a device with a fresh key would have made it. */
export async function clientCertificate(
  authority: CertificateAuthority,
  name: string,
  { validFromMs = Date.now() - dayMs, validUntilMs = Date.now() + dayMs } = {},
): Promise<ClientCertificate> {
  const keys = generateKeyPairSync("ed25519");
  const { x = "" } = keys.publicKey.export({ format: "jwk" });
  const publicKey = new Uint8Array(Buffer.from(x, "base64url"));
  const serial = `40${randomBytes(15).toString("hex")}`;
  const cert = await authority.issue({ name, publicKey, serial, validFromMs, validUntilMs });
  const key = keys.privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  return { cert, key, serial, publicKey };
}

/** Of a broker on 127.0.0.1; it is its own authority. */
export async function serverCertificate({
  validFromMs = Date.now() - dayMs,
  validUntilMs = Date.now() + dayMs,
} = {}): Promise<Certified> {
  x509.cryptoProvider.set(crypto);
  const keys = await crypto.subtle.generateKey(p256, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: [{ CN: ["localhost"] }],
    notBefore: new Date(validFromMs),
    notAfter: new Date(validUntilMs),
    signingAlgorithm: p256,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.SubjectAlternativeNameExtension([
        { type: "dns", value: "localhost" },
        { type: "ip", value: "127.0.0.1" },
      ]),
    ],
  });
  const der = Buffer.from(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  const key = `-----BEGIN PRIVATE KEY-----\n${der.toString("base64")}\n-----END PRIVATE KEY-----\n`;
  return { cert: `${certificate.toString("pem")}\n`, key };
}
