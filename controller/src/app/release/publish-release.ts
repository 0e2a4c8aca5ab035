import {
  blobLimits,
  checkRelease,
  encodePayload,
  payloadTypes,
  type Release,
  type ReleaseDocument,
  ReleaseManifest,
  sha256,
  signEnvelopeWith,
} from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import type { AuditEntry } from "../../domain/audit/audit-entry.ts";
import { PublishError, StoreError } from "../../domain/errors.ts";
import { assembleRelease, isSameRelease } from "../../domain/release/assemble-release.ts";
import { checkParts } from "../../domain/release/check-parts.ts";
import type { BlobStore } from "../../ports/blob-store.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { Keys } from "../../ports/keys.ts";
import type { ReleaseRecord, ReleaseStore } from "../../ports/release-store.ts";
import { checkCompanions, scanEntry } from "./inspect-upload.ts";
import { readJson } from "./read-json.ts";
import { releaseView } from "./release-view.ts";
import { collect, Upload, type UploadPart } from "./upload.ts";

const MANIFEST = "manifest";

export interface PublishReleasePorts {
  readonly clock: Clock;
  readonly log: EventLog;
  readonly keys: Keys;
  readonly blobs: BlobStore;
  readonly releases: ReleaseStore;
  /** Of all files together. */
  readonly uploadBytesMax?: number;
}

export interface Published {
  readonly release: Release;
  /** false: the very same release was there already. */
  readonly created: boolean;
}

/**
 * Makes a release out of an upload. Rules:
 *
 * 1. The manifest comes first, then the files; each is hashed while it arrives and kept out of sight.
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

  /** @throws PublishError, KeyError NO_RELEASE_KEY, StoreError */
  async run(parts: AsyncIterable<UploadPart>, caller: Principal): Promise<Published> {
    const { blobs, uploadBytesMax = blobLimits.uploadBytesMaxDefault } = this.#ports;
    const upload = new Upload(blobs, uploadBytesMax);
    try {
      const manifest = await this.#receive(parts, upload);
      return await this.#publish(manifest, upload, caller);
    } finally {
      await upload.discard();
    }
  }

  async #receive(parts: AsyncIterable<UploadPart>, upload: Upload): Promise<ReleaseManifest> {
    let manifest: ReleaseManifest | undefined;
    for await (const part of parts) {
      if (manifest === undefined) manifest = await this.#readManifest(part);
      else await upload.take(part);
    }
    if (manifest === undefined) throw noManifest("nothing");
    return manifest;
  }

  async #readManifest(part: UploadPart): Promise<ReleaseManifest> {
    if (part.name !== MANIFEST) throw noManifest(JSON.stringify(part.name.slice(0, 80)));
    const bytesMax = blobLimits.manifestBytesMax;
    const bytes = await collect(part, bytesMax);
    const format = { name: MANIFEST, schema: ReleaseManifest, bytesMax, code: "MANIFEST" } as const;
    const manifest = readJson(bytes, format);
    // Before the files arrive: whoever cannot sign need not receive them.
    this.#ports.keys.release(manifest.model);
    return manifest;
  }

  async #publish(manifest: ReleaseManifest, upload: Upload, caller: Principal): Promise<Published> {
    const { keys, clock } = this.#ports;
    checkParts(manifest, new Set(upload.files.keys()));
    const document = assembleRelease({
      manifest,
      files: upload.listed(),
      scan: scanEntry(upload.files, manifest),
      fleet: keys.root().document.fleet,
      nowMs: clock.nowMs(),
    });
    checkCompanions(upload.files, document);
    return this.#oneAtATime(() => this.#store(document, upload, caller));
  }

  async #store(document: ReleaseDocument, upload: Upload, caller: Principal): Promise<Published> {
    const { releases, log } = this.#ports;
    const { model, version } = document;
    const known = await releases.byVersion(model, version);
    if (known !== undefined) return repeated(known, document);
    const record = await this.#sign(document);
    const faster = await this.#keep(record, upload, caller);
    // Another controller on the same database published this version a moment earlier.
    if (faster !== undefined) return repeated(faster, document);
    const { release } = record;
    log.info(
      { event: "release.published", release, model, version, by: caller.id },
      "release published",
    );
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

  async #sign(document: ReleaseDocument): Promise<ReleaseRecord> {
    const { keys, clock } = this.#ports;
    const payload = encodePayload(document);
    const release = sha256(payload);
    const envelope = await signEnvelopeWith(payloadTypes.release, payload, [
      keys.release(document.model),
    ]);
    const [deviceClass = "*"] = document.compat.classes;
    // trust.md 2: a fresh signature is verified by the other implementation before anybody sees it.
    const { model } = document;
    checkRelease(keys.root(), envelope, { release, model, deviceClass, floor: 0 });
    return { release, document, envelope, publishedAtMs: clock.nowMs() };
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

function repeated(known: ReleaseRecord, document: ReleaseDocument): Published {
  if (isSameRelease(known.document, document))
    return { release: releaseView(known), created: false };
  const { model, version } = document;
  throw new PublishError(
    "CONFLICT",
    `expected a new version of ${model}, got ${version}, which was published with other content: raise the version`,
  );
}

function noManifest(got: string): PublishError {
  return new PublishError("MANIFEST", `expected a first part named manifest, got ${got}`);
}
