/** Where an operator puts what was carried here, on a site that no network reaches (protocol.md 5.7). */
export interface Exchange {
  /** The order that lies there; undefined when there is none. At most an envelope's size. */
  readonly order: () => Promise<Uint8Array | undefined>;
  /** Nonce of the hello that was carried away last; undefined when none was, or its answer was taken. */
  readonly nonce: () => Promise<string | undefined>;
  /** Its answer was taken: the same nonce is not taken twice. */
  readonly forgetNonce: () => Promise<void>;
}
