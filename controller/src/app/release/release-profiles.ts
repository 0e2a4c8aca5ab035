import {
  blobLimits,
  controllerLimits,
  type Digest8,
  parseStrictJson,
  ReferenceProfile,
  type Sha256,
} from "@modelfleet/protocol";
import type { BlobStore } from "../../ports/blob-store.ts";
import type { ReleaseRecord, ReleaseStore } from "../../ports/release-store.ts";
import { readBlobBytes } from "./read-blob-bytes.ts";

/** A release and the reference its telemetry is held against. */
export interface ProfiledRelease {
  readonly record: ReleaseRecord;
  readonly profile: { readonly reference: ReferenceProfile; readonly digest: Sha256 } | null;
}

/** Releases by the short digest windows carry. What is published never changes, so what was read is kept. */
export class ReleaseProfiles {
  readonly #ports: { readonly blobs: BlobStore; readonly releases: ReleaseStore };
  readonly #known = new Map<Digest8, ProfiledRelease>();

  constructor(ports: { readonly blobs: BlobStore; readonly releases: ReleaseStore }) {
    this.#ports = ports;
  }

  async find(short: Digest8): Promise<ProfiledRelease | undefined> {
    const known = this.#known.get(short);
    if (known !== undefined) return known;
    const record = await this.#ports.releases.byDigest8(short);
    if (record === undefined) return undefined;
    const found = { record, profile: await this.#readProfile(record) };
    this.#keep(short, found);
    return found;
  }

  /** The oldest goes when the room is full. */
  #keep(short: Digest8, found: ProfiledRelease): void {
    const [oldest] = this.#known.keys();
    if (this.#known.size >= controllerLimits.profilesKeptMax && oldest !== undefined) {
      this.#known.delete(oldest);
    }
    this.#known.set(short, found);
  }

  async #readProfile({ document }: ReleaseRecord): Promise<ProfiledRelease["profile"]> {
    const file = document.files.find(({ path }) => path === document.drift?.baseline);
    if (file === undefined) return null;
    const bytesMax = blobLimits.profileBytesMax;
    const bytes = await readBlobBytes(this.#ports.blobs, file.sha256, bytesMax);
    const reference = ReferenceProfile.parse(parseStrictJson(bytes, { bytesMax }));
    return { reference, digest: file.sha256 };
  }
}
