import type { ModelName, Release } from "@modelfleet/protocol";
import { permits } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";
import type { ReleaseStore } from "../../ports/release-store.ts";
import { releaseView } from "./release-view.ts";

/** Every release the caller may see, oldest first; of one model when it is named. */
export class ListReleases {
  readonly #releases: ReleaseStore;

  constructor(ports: { readonly releases: ReleaseStore }) {
    this.#releases = ports.releases;
  }

  async run(model: ModelName | undefined, caller: Principal): Promise<readonly Release[]> {
    const releases = await this.#releases.list(model);
    return releases
      .filter(({ document }) => permits(caller, { action: "release.read", model: document.model }))
      .map(releaseView);
  }
}
