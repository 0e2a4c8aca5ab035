import type { ModelName, Signer, VerifiedRoot } from "@modelfleet/protocol";

/** The keys this controller may use, and the root that says what they are worth. */
export interface Keys {
  readonly root: () => VerifiedRoot;
  /** Signs `desired` and `credential` documents. */
  readonly online: () => Signer;
  /**
   * Signs releases of this model.
   *
   * @throws KeyError NO_RELEASE_KEY when the key lives elsewhere
   */
  readonly release: (model: ModelName) => Signer;
}
