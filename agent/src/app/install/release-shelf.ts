import {
  checkRelease,
  type DesiredModel,
  type ReleaseDocument,
  type ReleaseReference,
  type Sha256,
  type VerifiedRoot,
  type VerifyCode,
  VerifyError,
} from "@modelfleet/protocol";
import type { BlobSource } from "../../ports/blob-source.ts";
import type { ModelStore } from "../../ports/model-store.ts";

export interface ReleaseShelfParts {
  readonly root: VerifiedRoot;
  readonly deviceClass: string;
  readonly store: ModelStore;
  readonly source: BlobSource;
}

const damage: ReadonlySet<VerifyCode> = new Set<VerifyCode>(["DIGEST", "FORMAT", "SIZE", "TYPE"]);

type Named = Pick<ReleaseReference, "release" | "model">;

/** Release documents: from disk when they are there, verified every time they are read. */
export class ReleaseShelf {
  readonly #parts: ReleaseShelfParts;
  readonly #read = new Map<Sha256, ReleaseDocument>();

  constructor(parts: ReleaseShelfParts) {
    this.#parts = parts;
  }

  /** From disk only; what was accepted once is held to no floor. @throws VerifyError · StoreError */
  async find(named: Named): Promise<ReleaseDocument | undefined> {
    const known = this.#read.get(named.release);
    if (known !== undefined) return known;
    const bytes = await this.#parts.store.readDocument(named.release);
    return bytes === undefined ? undefined : this.#checkHeld(bytes, named, 0);
  }

  /** From disk or the controller; kept on disk. @throws VerifyError · DownloadError · StoreError */
  async fetch(wanted: DesiredModel, floor: number, signal: AbortSignal): Promise<ReleaseDocument> {
    const { store, source } = this.#parts;
    const onDisk = await store.readDocument(wanted.release);
    const held = onDisk === undefined ? undefined : this.#checkHeld(onDisk, wanted, floor);
    if (held !== undefined) return held;
    const bytes = await source.release(wanted.release, signal);
    const document = this.#check(bytes, wanted, floor);
    await store.keepDocument(wanted.release, bytes);
    return document;
  }

  forget(keep: ReadonlySet<string>): void {
    for (const release of this.#read.keys()) if (!keep.has(release)) this.#read.delete(release);
  }

  /** A document whose bytes went bad on disk counts as absent: it can be fetched again. */
  #checkHeld(bytes: Uint8Array, named: Named, floor: number): ReleaseDocument | undefined {
    try {
      return this.#check(bytes, named, floor);
    } catch (cause) {
      const badBytes = cause instanceof VerifyError && damage.has(cause.code);
      if (badBytes) return undefined;
      throw cause;
    }
  }

  #check(bytes: Uint8Array, { release, model }: Named, floor: number): ReleaseDocument {
    const { root, deviceClass } = this.#parts;
    const document = checkRelease(root, bytes, { release, model, deviceClass, floor });
    this.#read.set(release, document);
    return document;
  }
}
