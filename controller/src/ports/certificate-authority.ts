/** The fleet's own authority for client certificates. What it signs opens the broker and nothing else. */
export interface CertificateAuthority {
  /** Its own certificate, PEM: what a broker must trust. */
  readonly pem: string;
  /** A client certificate, PEM. Who holds the key is not asked: without it the certificate is of no use. */
  readonly issue: (request: CertificateRequest) => Promise<string>;
  /** A revocation list, PEM, of these certificates and no others. */
  readonly revocationList: (
    revoked: readonly RevokedSerial[],
    issuedAtMs: number,
  ) => Promise<string>;
}

export interface CertificateRequest {
  /** Becomes the common name; brokers take it for the user name. */
  readonly name: string;
  /** Raw Ed25519 public key; 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Hex; positive, and never used twice. */
  readonly serial: string;
  readonly validFromMs: number;
  readonly validUntilMs: number;
}

export interface RevokedSerial {
  readonly serial: string;
  readonly revokedAtMs: number;
}
