/** TLS of the embedded broker; all in PEM. */
export interface BrokerTls {
  /** The broker's certificate, and those between it and an authority devices trust. */
  readonly certificate: string;
  readonly key: string;
  /** Where devices log in by certificate; undefined: by their secret. */
  readonly clients: ClientAuthority | undefined;
}

export interface ClientAuthority {
  readonly pem: string;
  /** The certificates are over the keys devices enrolled with: any other key is an earlier holder of the name. */
  readonly certifiesDeviceKeys: boolean;
}
