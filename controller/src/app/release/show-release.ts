import type { Release, Sha256 } from "@modelfleet/protocol";
import type { ReleaseStore } from "../../ports/release-store.ts";
import { knownRelease } from "./known-release.ts";
import { releaseView } from "./release-view.ts";

/** One release by the digest of its signed payload. */
export class ShowRelease {
  readonly #releases: ReleaseStore;

  constructor(ports: { readonly releases: ReleaseStore }) {
    this.#releases = ports.releases;
  }

  /** @throws NotFoundError RELEASE_UNKNOWN */
  async run(release: Sha256): Promise<Release> {
    return releaseView(await knownRelease(this.#releases, release));
  }
}
