import {
  checkRelease,
  type DesiredModel,
  decodeEnvelope,
  type ExpectedRelease,
  parsePayload,
  ReleaseDocument,
  type Sha256,
  sha256,
  type VerifyCode,
  VerifyError,
} from "@modelfleet/protocol";
import { isHeld } from "../../domain/install/agent-state.ts";
import type { BlobSource } from "../../ports/blob-source.ts";
import type { ModelStore } from "../../ports/model-store.ts";
import type { StateRecord } from "./state-record.ts";

export interface ReleaseShelfParts {
  readonly record: StateRecord;
  readonly deviceClass: string;
  readonly store: ModelStore;
  readonly source: BlobSource;
}

/** What is wrong with the bytes on disk, and not with what they say. */
const damage: ReadonlySet<VerifyCode> = new Set<VerifyCode>(["DIGEST", "FORMAT", "SIZE", "TYPE"]);

type Named = Pick<ExpectedRelease, "release" | "model" | "size">;

/**
 * Release documents, from disk when they are there.
 *
 * protocol.md 1.4.11:
 *
 * 1. What a slot holds was verified when it was taken; it is known by its digest in the state record, under whatever root
 *    came since.
 * 2. Anything else is verified under the current root each time that root is another one.
 */
export class ReleaseShelf {
  readonly #parts: ReleaseShelfParts;
  readonly #held = new Map<Sha256, ReleaseDocument>();
  readonly #verified = new Map<Sha256, ReleaseDocument>();
  #verifiedUnder: Sha256 | undefined;

  constructor(parts: ReleaseShelfParts) {
    this.#parts = parts;
  }

  /** From disk only; what was accepted once is held to no floor. @throws VerifyError · StoreError */
  async find(named: Named): Promise<ReleaseDocument | undefined> {
    const { record, store } = this.#parts;
    const inSlot = isHeld(record.current(), named.release);
    const known = inSlot ? this.#held.get(named.release) : this.#known(named.release);
    if (known !== undefined) return known;
    const bytes = await store.readDocument(named.release);
    if (bytes === undefined) return undefined;
    return unlessDamaged(() =>
      inSlot ? this.#open(bytes, named.release) : this.#check(bytes, named, 0),
    );
  }

  /** Why the current root does not trust a release that a slot holds. @throws StoreError */
  async distrust(named: Named): Promise<VerifyError | null> {
    if (!this.#parts.record.hasRoot()) return null;
    const bytes = await this.#parts.store.readDocument(named.release);
    if (bytes === undefined) return null;
    try {
      unlessDamaged(() => this.#check(bytes, named, 0));
      return null;
    } catch (cause) {
      if (cause instanceof VerifyError) return cause;
      throw cause;
    }
  }

  /** From disk or the source; kept on disk. @throws VerifyError · DownloadError · StoreError */
  async fetch(wanted: DesiredModel, floor: number, signal: AbortSignal): Promise<ReleaseDocument> {
    const { store, source } = this.#parts;
    const onDisk = await store.readDocument(wanted.release);
    const held = onDisk === undefined ? undefined : this.#checkKept(onDisk, wanted, floor);
    if (held !== undefined) return held;
    const bytes = await source.release(wanted.release, signal);
    const document = this.#check(bytes, wanted, floor);
    await store.keepDocument(wanted.release, bytes);
    return document;
  }

  forget(keep: ReadonlySet<string>): void {
    for (const known of [this.#held, this.#verified]) {
      for (const release of known.keys()) if (!keep.has(release)) known.delete(release);
    }
  }

  /** A damaged copy counts as absent; so does one without a signature of today, for it may have been signed anew. */
  #checkKept(
    bytes: Uint8Array,
    { release, model }: Named,
    floor: number,
  ): ReleaseDocument | undefined {
    try {
      return unlessDamaged(() => this.#check(bytes, { release, model }, floor));
    } catch (cause) {
      if (cause instanceof VerifyError && cause.code === "SIGNATURE") return undefined;
      throw cause;
    }
  }

  #open(bytes: Uint8Array, release: Sha256): ReleaseDocument {
    const { payload } = decodeEnvelope(bytes);
    const digest = sha256(payload);
    if (digest !== release) throw new VerifyError("DIGEST", `expected ${release}, got ${digest}`);
    const document = parsePayload(ReleaseDocument, payload);
    this.#held.set(release, document);
    return document;
  }

  #check(bytes: Uint8Array, named: Named, floor: number): ReleaseDocument {
    const { record, deviceClass } = this.#parts;
    const expected = { ...named, deviceClass, floor };
    const document = checkRelease(record.root(), bytes, expected, record.verify);
    this.#known(named.release);
    this.#verified.set(named.release, document);
    return document;
  }

  #known(release: Sha256): ReleaseDocument | undefined {
    const { rootSha256 } = this.#parts.record.current();
    if (this.#verifiedUnder !== rootSha256) this.#verified.clear();
    this.#verifiedUnder = rootSha256;
    return this.#verified.get(release);
  }
}

function unlessDamaged<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof VerifyError && damage.has(cause.code)) return undefined;
    throw cause;
  }
}
