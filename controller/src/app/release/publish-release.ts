import {
  blobLimits,
  encodePayload,
  payloadTypes,
  type Release,
  type ReleaseDocument,
  sha256,
  signEnvelopeWith,
  type VerifiedRoot,
  VerifyError,
} from "@modelfleet/protocol";
import { asked } from "../../domain/access/approve.ts";
import type { Principal } from "../../domain/access/principal.ts";
import type { AuditEntry } from "../../domain/audit/audit-entry.ts";
import { PublishError, StoreError } from "../../domain/errors.ts";
import { isSameRelease } from "../../domain/release/assemble-release.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { Keys } from "../../ports/keys.ts";
import type { ReleaseRecord, ReleaseStore } from "../../ports/release-store.ts";
import { requireRight } from "../access/require-right.ts";
import { assembleUpload, refuseOtherFiles } from "./assemble-upload.ts";
import {
  checkSigned,
  noManifest,
  type Offer,
  readOffer,
  type SignedRelease,
} from "./read-offer.ts";
import { releaseView } from "./release-view.ts";
import { Upload, type UploadPart } from "./upload.ts";

export interface PublishReleasePorts {
  readonly clock: Clock;
  readonly log: EventLog;
  readonly keys: Keys;
  readonly blobs: BlobStore;
  readonly releases: ReleaseStore;
  /** Of all files together. */
  readonly uploadBytesMax?: number;
  /** Every release waits until a second person has agreed. */
  readonly releasesAwaitApproval?: boolean;
  /** There is a release that was not there before. */
  readonly onPublished?: () => void;
}

export interface Published {
  readonly release: Release;
  /** false: the very same release was there already. */
  readonly created: boolean;
}

interface Checked {
  readonly document: ReleaseDocument;
  readonly sign: () => SignedRelease | Promise<SignedRelease>;
  readonly upload: Upload;
}

/**
 * Makes a release out of an upload. Rules:
 *
 * 1. The manifest comes first, or the envelope of a release that was signed elsewhere; then the files. Each is hashed
 *    while it arrives and kept out of sight. What was signed elsewhere is kept exactly as it came.
 * 2. Only when everything is checked, signed and verified do the files become visible, then the release.
 * 3. The same content under the same version is the release that is there: whoever lost the answer may repeat.
 *    Other content under a version that is taken is refused.
 * 4. Whatever goes wrong, nothing of the upload stays.
 */
export class PublishRelease {
  readonly #ports: PublishReleasePorts;
  #storing: Promise<unknown> = Promise.resolve();

  constructor(ports: PublishReleasePorts) {
    this.#ports = ports;
  }

  /** @throws AccessError NOT_PERMITTED; PublishError, KeyError NO_RELEASE_KEY, StoreError */
  async run(parts: AsyncIterable<UploadPart>, caller: Principal): Promise<Published> {
    const { blobs, uploadBytesMax = blobLimits.uploadBytesMaxDefault } = this.#ports;
    const upload = new Upload(blobs, uploadBytesMax);
    try {
      const offer = await this.#receive(parts, upload, caller);
      return await this.#publish(offer, upload, caller);
    } finally {
      await upload.discard();
    }
  }

  async #receive(
    parts: AsyncIterable<UploadPart>,
    upload: Upload,
    caller: Principal,
  ): Promise<Offer> {
    let offer: Offer | undefined;
    for await (const part of parts) {
      if (offer === undefined) offer = await this.#readOffer(part, caller);
      else await upload.take(part);
    }
    if (offer === undefined) throw noManifest("nothing");
    return offer;
  }

  async #readOffer(part: UploadPart, caller: Principal): Promise<Offer> {
    const { keys } = this.#ports;
    const offer = await readOffer(part, keys.root());
    // Before the files arrive: nobody need receive what may not be, or cannot be, signed.
    this.#requireRights(offer, caller);
    if (offer.kind === "manifest") keys.release(offer.manifest.model);
    return offer;
  }

  /** What is signed here on arrival is signed for the caller; what waits for a second person, for that one. */
  #requireRights({ kind, manifest: { model } }: Offer, caller: Principal): void {
    requireRight(caller, { action: "release.upload", model });
    if (kind === "signed" || this.#ports.releasesAwaitApproval === true) return;
    requireRight(caller, { action: "release.sign", model });
  }

  async #publish(offer: Offer, upload: Upload, caller: Principal): Promise<Published> {
    const { keys, clock } = this.#ports;
    const { files } = upload;
    const fleet = keys.root().document.fleet;
    const nowMs = offer.kind === "signed" ? Date.parse(offer.document.createdAt) : clock.nowMs();
    const document = assembleUpload({ manifest: offer.manifest, files, fleet, nowMs });
    if (offer.kind === "signed") refuseOtherFiles(offer.document, document);
    const sign = () => (offer.kind === "signed" ? offer : this.#sign(document));
    return this.#oneAtATime(() => this.#store({ document, sign, upload }, caller));
  }

  async #store({ document, sign, upload }: Checked, caller: Principal): Promise<Published> {
    const { releases, log, keys, clock } = this.#ports;
    const { model, version } = document;
    const root = keys.root();
    const known = await releases.byVersion(model, version);
    if (known !== undefined) return repeated(known, document, root);
    const signed = await sign();
    // trust.md 2: a fresh signature is verified by the other implementation before anybody sees it.
    checkSigned(root, signed);
    const record = {
      ...{ release: signed.release, document: signed.document, envelope: signed.envelope },
      publishedAtMs: clock.nowMs(),
      approval: asked(caller, this.#ports.releasesAwaitApproval === true),
    };
    const { release } = record;
    const faster = await this.#keep(record, upload, caller);
    // Another controller on the same database published this version a moment earlier.
    if (faster !== undefined) return repeated(faster, document, root);
    log.info(
      { event: "release.published", release, model, version, by: caller.id },
      "release published",
    );
    this.#ports.onPublished?.();
    return { release: releaseView(record), created: true };
  }

  /** Rule 4. @returns the release that was faster, if there is one */
  async #keep(
    record: ReleaseRecord,
    upload: Upload,
    caller: Principal,
  ): Promise<ReleaseRecord | undefined> {
    try {
      await upload.commit();
      return await this.#ports.releases.add(record, published(record, caller));
    } catch (error) {
      await this.#withdraw(upload);
      throw error;
    }
  }

  async #withdraw(upload: Upload): Promise<void> {
    const { releases, log } = this.#ports;
    try {
      await upload.withdraw(await releases.blobs());
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      const event = { event: "upload.left-behind", reason: error.message };
      log.warn(event, "files of a failed upload stay until the next start");
    }
  }

  /** Files of an upload that loses against another of the same version are never made visible. */
  #oneAtATime(task: () => Promise<Published>): Promise<Published> {
    const mine = this.#storing.then(task, task);
    this.#storing = mine.catch(() => undefined);
    return mine;
  }

  async #sign(document: ReleaseDocument): Promise<SignedRelease> {
    const payload = encodePayload(document);
    const key = this.#ports.keys.release(document.model);
    const envelope = await signEnvelopeWith(payloadTypes.release, payload, [key]);
    return { release: sha256(payload), document, envelope };
  }
}

function published(
  { release, document, publishedAtMs }: ReleaseRecord,
  caller: Principal,
): AuditEntry {
  const { model, version, securityVersion, files } = document;
  return {
    atMs: publishedAtMs,
    actor: caller.id,
    action: "release.published",
    subject: `release:${release}`,
    detail: { model, version, securityVersion, files: files.length },
  };
}

function repeated(known: ReleaseRecord, document: ReleaseDocument, root: VerifiedRoot): Published {
  const { model, version } = document;
  if (!isSameRelease(known.document, document)) {
    throw new PublishError(
      "CONFLICT",
      `expected a new version of ${model}, got ${version}, which was published with other content: raise the version`,
    );
  }
  try {
    checkSigned(root, known);
  } catch (cause) {
    if (!(cause instanceof VerifyError)) throw cause;
    throw new PublishError(
      "CONFLICT",
      `expected a new version of ${model}, got ${version}, which was published and no longer holds (${cause.code}: ${cause.message}): raise the version`,
      { cause },
    );
  }
  return { release: releaseView(known), created: false };
}
