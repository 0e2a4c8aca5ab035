import type { BlobStore } from "../ports/blob-store.ts";
import type { EventLog } from "../ports/event-log.ts";
import type { ReleaseStore } from "../ports/release-store.ts";

export interface RecoverStoresPorts {
  readonly blobs: BlobStore;
  readonly releases: ReleaseStore;
  readonly log: EventLog;
}

/** At start, before anybody may upload: what a killed upload left behind goes. */
export class RecoverStores {
  readonly #ports: RecoverStoresPorts;

  constructor(ports: RecoverStoresPorts) {
    this.#ports = ports;
  }

  async run(): Promise<void> {
    const { blobs, releases, log } = this.#ports;
    const { uploadsRemoved, blobsRemoved } = await blobs.recover(await releases.blobs());
    if (uploadsRemoved + blobsRemoved === 0) return;
    log.info(
      { event: "upload.recovered", uploadsRemoved, blobsRemoved },
      "unfinished uploads removed",
    );
  }
}
