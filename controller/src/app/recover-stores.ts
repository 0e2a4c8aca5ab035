import type { BlobStore } from "../ports/blob-store.ts";
import type { ReleaseStore } from "../ports/release-store.ts";
import { ForgetTelemetry, type ForgetTelemetryPorts } from "./ingest/forget-telemetry.ts";

export interface RecoverStoresPorts extends ForgetTelemetryPorts {
  readonly blobs: BlobStore;
  readonly releases: ReleaseStore;
}

/** At start, before anybody may upload: what a killed upload left behind goes, and telemetry that is too old. */
export class RecoverStores {
  readonly #ports: RecoverStoresPorts;

  constructor(ports: RecoverStoresPorts) {
    this.#ports = ports;
  }

  async run(): Promise<void> {
    await this.#removeUploads();
    await new ForgetTelemetry(this.#ports).run();
  }

  async #removeUploads(): Promise<void> {
    const { blobs, releases, log } = this.#ports;
    const { uploadsRemoved, blobsRemoved } = await blobs.recover(await releases.blobs());
    if (uploadsRemoved + blobsRemoved === 0) return;
    log.info(
      { event: "upload.recovered", uploadsRemoved, blobsRemoved },
      "unfinished uploads removed",
    );
  }
}
