import {
  blobLimits,
  documentLimits,
  isCodedError,
  ReleasePath,
  type Sha256,
} from "@modelfleet/protocol";
import { PublishError } from "../../domain/errors.ts";
import type { BlobStore, BlobUpload, StagedBlob } from "../../ports/blob-store.ts";

/** One part of an upload. The stream throws when the sender breaks off. */
export interface UploadPart {
  readonly name: string;
  readonly stream: AsyncIterable<Uint8Array>;
}

export interface StagedFile {
  readonly path: ReleasePath;
  readonly blob: StagedBlob;
}

/** The files of one upload on their way in. Until `commit` nothing of them is visible; `discard` leaves no trace. */
export class Upload {
  readonly #blobs: BlobStore;
  readonly #bytesMax: number;
  readonly #open: BlobUpload[] = [];
  readonly #files = new Map<string, StagedFile>();
  #bytes = 0;

  constructor(blobs: BlobStore, bytesMax: number) {
    this.#blobs = blobs;
    this.#bytesMax = bytesMax;
  }

  get files(): ReadonlyMap<string, StagedFile> {
    return this.#files;
  }

  /** @throws PublishError FILES | SIZE | TRUNCATED */
  async take(part: UploadPart): Promise<void> {
    const path = this.#newPath(part.name);
    const upload = await this.#blobs.begin();
    this.#open.push(upload);
    for await (const chunk of unbroken(part)) {
      this.#bytes += chunk.length;
      if (this.#bytes > this.#bytesMax) throw tooLarge(part.name, this.#bytesMax);
      await upload.write(chunk);
    }
    const blob = await upload.finish();
    if (blob.sizeBytes === 0) {
      throw new PublishError("FILES", `file ${part.name}: expected at least one byte, got none`);
    }
    if (blob.sizeBytes > blobLimits.blobBytesMax)
      throw tooLarge(part.name, blobLimits.blobBytesMax);
    this.#files.set(path, { path, blob });
  }

  async commit(): Promise<void> {
    for (const { blob } of this.#files.values()) await blob.commit();
  }

  /** Takes back what was committed, but for what releases refer to. */
  async withdraw(referenced: ReadonlySet<Sha256>): Promise<void> {
    for (const { blob } of this.#files.values()) {
      if (!referenced.has(blob.sha256)) await this.#blobs.remove(blob.sha256);
    }
  }

  async discard(): Promise<void> {
    for (const upload of this.#open) await upload.discard();
  }

  #newPath(name: string): ReleasePath {
    const path = ReleasePath.safeParse(name);
    if (!path.success) {
      const reason = path.error.issues[0]?.message ?? "expected another name";
      throw new PublishError("FILES", `part ${JSON.stringify(name.slice(0, 80))}: ${reason}`);
    }
    const twin = [...this.#files.keys()].find(
      (known) => known.toLowerCase() === path.data.toLowerCase(),
    );
    // protocol.md 1.4.8: no two files that a careless file system would take for one.
    if (twin !== undefined) {
      throw new PublishError("FILES", `expected each file once, got ${twin} and ${path.data}`);
    }
    // Each file under way holds a descriptor: one too many is refused before it is opened.
    if (this.#files.size >= documentLimits.filesPerReleaseMax) {
      throw new PublishError(
        "FILES",
        `expected at most ${documentLimits.filesPerReleaseMax} files, got more: leave out what the model does not need`,
      );
    }
    return path.data;
  }
}

/** All bytes of a small part. @throws PublishError SIZE | TRUNCATED */
export async function collect(part: UploadPart, bytesMax: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of unbroken(part)) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw tooLarge(part.name, bytesMax);
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** A stream that ends before its end is the sender's failure, and is told apart from ours. */
async function* unbroken(part: UploadPart): AsyncGenerator<Uint8Array> {
  try {
    yield* part.stream;
  } catch (cause) {
    if (isCodedError(cause)) throw cause;
    throw new PublishError(
      "TRUNCATED",
      `file ${part.name}: the upload broke off; nothing of it was kept: publish again`,
      { cause },
    );
  }
}

function tooLarge(name: string, bytesMax: number): PublishError {
  return new PublishError(
    "SIZE",
    `file ${name.slice(0, 80)}: expected an upload of at most ${bytesMax} bytes, got more: make the model smaller, or raise the controller's upload limit`,
  );
}
