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
