import type { Release, Sha256 } from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import type { ReleaseStore } from "../../ports/release-store.ts";
import { seenRelease } from "./known-release.ts";
import { releaseView } from "./release-view.ts";

/** One release by the digest of its signed payload. */
export class ShowRelease {
  readonly #releases: ReleaseStore;

  constructor(ports: { readonly releases: ReleaseStore }) {
    this.#releases = ports.releases;
  }

  /** @throws NotFoundError RELEASE_UNKNOWN, also for one the caller may not see */
  async run(release: Sha256, caller: Principal): Promise<Release> {
    return releaseView(await seenRelease(this.#releases, release, caller));
  }
}
