import type { BlobStore } from "../ports/blob-store.ts";
import type { ReleaseStore } from "../ports/release-store.ts";
import type { RolloutStore } from "../ports/rollout-store.ts";
import { ForgetTelemetry, type ForgetTelemetryPorts } from "./ingest/forget-telemetry.ts";

export interface RecoverStoresPorts extends ForgetTelemetryPorts {
  readonly blobs: BlobStore;
  readonly releases: ReleaseStore;
  readonly rollouts: RolloutStore;
}

/**
 * At start, before anybody may ask for anything: what a killed controller left behind goes, and telemetry that is too old.
 * The data folder is locked: no other controller is at work on it.
 */
export class RecoverStores {
  readonly #ports: RecoverStoresPorts;

  constructor(ports: RecoverStoresPorts) {
    this.#ports = ports;
  }

  async run(): Promise<void> {
    await this.#removeUploads();
    await this.#ports.rollouts.recover();
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
