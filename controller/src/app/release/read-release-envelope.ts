import type { Sha256 } from "@modelfleet/protocol";
import type { ReleaseStore } from "../../ports/release-store.ts";
import { knownRelease } from "./known-release.ts";

/** The signed bytes of a release, exactly as they were signed. */
export class ReadReleaseEnvelope {
  readonly #releases: ReleaseStore;

  constructor(ports: { readonly releases: ReleaseStore }) {
    this.#releases = ports.releases;
  }

  /** @throws NotFoundError RELEASE_UNKNOWN */
  async run(release: Sha256): Promise<Uint8Array> {
    return (await knownRelease(this.#releases, release)).envelope;
  }
}
