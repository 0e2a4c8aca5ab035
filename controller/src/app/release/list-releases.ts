import type { ModelName, Release } from "@modelfleet/protocol";
import type { ReleaseStore } from "../../ports/release-store.ts";
import { releaseView } from "./release-view.ts";

/** Every release, oldest first; of one model when it is named. */
export class ListReleases {
  readonly #releases: ReleaseStore;

  constructor(ports: { readonly releases: ReleaseStore }) {
    this.#releases = ports.releases;
  }

  async run(model?: ModelName): Promise<readonly Release[]> {
    return (await this.#releases.list(model)).map(releaseView);
  }
}
