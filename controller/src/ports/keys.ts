import type { ModelName, SigningKey, VerifiedRoot } from "@modelfleet/protocol";

/** The keys this controller may use, and the roots that say what they are worth. */
export interface Keys {
  /** The newest root this controller holds. */
  readonly root: () => VerifiedRoot;
  /** The envelope of an earlier root, or of the newest; undefined when there is none of that version. */
  readonly rootAt: (version: number) => Uint8Array | undefined;
  /**
   * Takes the next root: verified against the newest, on disk when resolved, and in use from then on.
   *
   * @throws VerifyError when it does not follow from the newest root
   * @throws KeyError ONLINE_KEY_MISSING when none of the online keys here is one of its own
   */
  readonly adoptRoot: (bytes: Uint8Array) => Promise<VerifiedRoot>;
  /** Signs `desired`, `credential` and audit checkpoints. */
  readonly online: () => SigningKey;
  /**
   * Signs releases of this model.
   *
   * @throws KeyError NO_RELEASE_KEY when the key lives elsewhere
   */
  readonly release: (model: ModelName) => SigningKey;
}

/**
 * Where keys come from. A key service of a cloud has its place here: a provider whose handles open to a `SigningKey`
 * that asks the service (AWS KMS and CloudHSM, Google Cloud KMS `EC_SIGN_ED25519`, Vault transit), and to nothing else.
 * Until there is one, a command does the same (docs/operations.md).
 */
export interface KeyProvider {
  /** @throws KeyError KEY_MISSING | KEY_INVALID */
  readonly read: (path: string) => Promise<KeyHandle>;
}

/** A key that is known and not yet open: its public half needs no passphrase. */
export interface KeyHandle {
  readonly kind: "encrypted" | "command" | "plain" | "public";
  readonly name: string;
  /** Raw Ed25519 public key; 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Of the wire form of a moment; null where the file does not say. */
  readonly createdAt: string | null;
  /** @throws KeyError KEY_LOCKED | KEY_INVALID */
  readonly open: () => Promise<SigningKey>;
}
