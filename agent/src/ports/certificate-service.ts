/** A client certificate for the broker, PEM, and what it says. */
export interface DeviceCertificate {
  readonly pem: string;
  /** Its common name. */
  readonly name: string;
  /** Raw Ed25519 public key; undefined when it certifies another kind. */
  readonly publicKey: Uint8Array | undefined;
  readonly validUntilMs: number;
}

/** Where this device gets its certificates from. */
export interface CertificateService {
  /** @returns undefined when it is none */
  readonly read: (pem: string) => DeviceCertificate | undefined;
  /**
   * @returns undefined when devices of this fleet log in by their secret
   * @throws DownloadError when nothing can be fetched now
   */
  readonly fetch: (signal: AbortSignal) => Promise<string | undefined>;
}
