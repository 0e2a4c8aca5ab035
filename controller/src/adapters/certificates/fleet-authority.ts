import type { webcrypto } from "node:crypto";
import { certificateLimits } from "@modelfleet/protocol";
import type {
  CertificateAuthority,
  CertificateRequest,
  RevokedSerial,
} from "../../ports/certificate-authority.ts";
import type { Clock } from "../../ports/clock.ts";
import { readAuthority, storeAuthority } from "./authority-files.ts";
import { ecdsaP256, type KeyPair, loadX509, type X509 } from "./x509.ts";

export interface FleetAuthorityOptions {
  /** Of the fleet, for people who look at a certificate. */
  readonly fleet: string;
  readonly clock: Clock;
}

interface Authority {
  readonly x509: X509;
  readonly certificate: InstanceType<X509["X509Certificate"]>;
  readonly privateKey: webcrypto.CryptoKey;
}

const CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
/** SubjectPublicKeyInfo of Ed25519 up to the key itself (RFC 8410, 4). */
const ED25519_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/**
 * The authority in `ca.key` and `ca.pem` of a folder; made at the first start. P-256, since every TLS library takes it.
 *
 * @throws KeyError KEY_INVALID naming the file
 */
export async function openFleetAuthority(
  folder: string,
  options: FleetAuthorityOptions,
): Promise<CertificateAuthority> {
  const x509 = await loadX509();
  const known = await readAuthority(folder, x509);
  const { certificate, privateKey } = known ?? (await make(x509, options));
  if (known === undefined) await storeAuthority(folder, { certificate, privateKey });
  const authority = { x509, certificate, privateKey };
  return {
    pem: pemOf(certificate),
    issue: (request) => issue(authority, request),
    revocationList: (revoked, issuedAtMs) => revocationList(authority, revoked, issuedAtMs),
  };
}

async function make(x509: X509, { fleet, clock }: FleetAuthorityOptions) {
  const keys: KeyPair = await crypto.subtle.generateKey(ecdsaP256, true, ["sign", "verify"]);
  const nowMs = clock.nowMs();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: [{ CN: [`ModelFleet devices of ${fleet}`] }],
    notBefore: new Date(nowMs - certificateLimits.clockSkewMs),
    notAfter: new Date(nowMs + certificateLimits.authorityLifeMs),
    signingAlgorithm: ecdsaP256,
    keys,
    extensions: [
      // It signs certificates of clients, and no authority below itself.
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, privateKey: keys.privateKey };
}

async function issue(
  { x509, certificate, privateKey }: Authority,
  { name, publicKey, serial, validFromMs, validUntilMs }: CertificateRequest,
): Promise<string> {
  const issued = await x509.X509CertificateGenerator.create({
    serialNumber: serial,
    // As text, whatever it begins with: to the library a bare "#" begins hex.
    subject: new x509.Name([{ CN: [{ utf8String: name }] }]),
    issuer: certificate.subjectName,
    notBefore: new Date(validFromMs),
    notAfter: new Date(validUntilMs),
    publicKey: new x509.PublicKey(Buffer.concat([ED25519_PREFIX, publicKey])),
    signingKey: privateKey,
    signingAlgorithm: ecdsaP256,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([CLIENT_AUTH], true),
      await x509.AuthorityKeyIdentifierExtension.create(certificate),
    ],
  });
  return pemOf(issued);
}

async function revocationList(
  { x509, certificate, privateKey }: Authority,
  revoked: readonly RevokedSerial[],
  issuedAtMs: number,
): Promise<string> {
  const list = await x509.X509CrlGenerator.create({
    issuer: certificate.subjectName,
    thisUpdate: new Date(issuedAtMs - certificateLimits.clockSkewMs),
    // As long as the authority itself: a list that runs out would lock out every device at once.
    nextUpdate: certificate.notAfter,
    entries: revoked.map(({ serial, revokedAtMs }) => ({
      serialNumber: serial,
      revocationDate: new Date(revokedAtMs),
    })),
    signingAlgorithm: ecdsaP256,
    signingKey: privateKey,
  });
  // OpenSSL reads it under this name only (RFC 7468, 6).
  return pemOf(list)
    .replaceAll("-----BEGIN CRL", "-----BEGIN X509 CRL")
    .replaceAll("-----END CRL", "-----END X509 CRL");
}

function pemOf(made: { toString(format: "pem"): string }): string {
  return `${made.toString("pem")}\n`;
}
