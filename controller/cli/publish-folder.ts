import { openAsBlob } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import {
  cliLimits,
  decodeEnvelope,
  type ModelIo,
  parsePayload,
  Release,
  ReleaseDocument,
  ReleaseManifest,
} from "@modelfleet/protocol";
import { checkFolder } from "./check-folder.ts";
import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";
import { readManifest, SIGNED_RELEASE } from "./release-folder.ts";
import { releasePaths } from "./release-paths.ts";
import { createProgress } from "./render/progress.ts";
import { inFile, readEnvelopeFile } from "./root-file.ts";

const { publishAttemptsMax, publishRetryMsMin, publishRetryMsMax } = cliLimits;

/**
 * Uploads a release folder: what is signed or `release.json` first, then each file that names, streamed. What can be
 * checked here is checked before, and the controller is asked with the first part alone whether it would take the others.
 * A connection that breaks (a controller that restarts) is tried again; publishing the same content twice is harmless.
 *
 * @throws CliError FILE when the folder does not hold what its manifest names; REFUSED with the controller's reason
 * @throws PublishError when the controller would refuse what is in the folder
 */
export async function publishFolder(context: Context, folder: string): Promise<Release> {
  const manifest = await readManifest(folder);
  const signed = await readSigned(folder, manifest);
  const paths = releasePaths(folder, manifest);
  const sizes = await Promise.all(paths.map((path) => sizeOf(join(folder, path))));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  checkFolder(folder, manifest, context.terminal.nowMs());
  for (let attempt = 1; ; attempt += 1) {
    try {
      const upload = { folder, manifest, signed, paths, total };
      await askFirst(context, upload);
      return await uploadOnce(context, upload);
    } catch (error) {
      if (!isWorthRepeating(error, attempt) || attempt === publishAttemptsMax) throw error;
      context.terminal.err(
        `upload broken off (attempt ${attempt} of ${publishAttemptsMax}), trying again\n`,
      );
      await context.terminal.sleep(retryMs(attempt));
    }
  }
}

/** A connection that was there may come back; one that nobody ever took is a wrong address, or nothing started yet. */
function isWorthRepeating(error: unknown, attempt: number): boolean {
  if (!(error instanceof CliError)) return false;
  return error.code === "BROKEN_OFF" || (error.code === "UNREACHABLE" && attempt > 1);
}

/** Doubles from try to try. @param attempt from 1 */
function retryMs(attempt: number): number {
  return Math.min(publishRetryMsMax, publishRetryMsMin * 2 ** (attempt - 1));
}

interface Upload {
  readonly folder: string;
  readonly manifest: ReleaseManifest;
  /** The envelope, where the release was signed before it is uploaded. */
  readonly signed: Uint8Array<ArrayBuffer> | undefined;
  readonly paths: readonly string[];
  readonly total: number;
}

/** Rights and keys are judged by the first part; who is only short of files may send them. */
async function askFirst(context: Context, upload: Upload): Promise<void> {
  const { body, headers } = new Response(formOf(upload));
  if (body === null) throw new RangeError("a form always has a body");
  const contentType = headers.get("content-type") ?? "multipart/form-data";
  try {
    const stream = { body, contentType };
    await context.api.call({ method: "POST", path: "/v1/releases", answer: Release, stream });
  } catch (error) {
    if (!(error instanceof CliError) || error.problemCode !== "FILES") throw error;
  }
}

function formOf({ manifest, signed }: Pick<Upload, "manifest" | "signed">): FormData {
  const form = new FormData();
  if (signed === undefined) form.append("manifest", JSON.stringify(manifest));
  else form.append("envelope", new Blob([signed]), "envelope");
  return form;
}

async function uploadOnce(context: Context, upload: Upload): Promise<Release> {
  const form = formOf(upload);
  for (const path of upload.paths)
    form.append(path, await openAsBlob(join(upload.folder, path)), path);
  const encoded = new Response(form);
  const progress = createProgress(
    context.terminal,
    `uploading ${upload.manifest.model}@${upload.manifest.version}`,
  );
  const body = encoded.body;
  if (body === null) throw new RangeError("a form always has a body");
  try {
    return await context.api.call({
      method: "POST",
      path: "/v1/releases",
      answer: Release,
      stream: {
        body: body.pipeThrough(
          counted((done) => progress.update(Math.min(done, upload.total), upload.total)),
        ),
        contentType: encoded.headers.get("content-type") ?? "multipart/form-data",
      },
    });
  } finally {
    progress.end();
  }
}

function counted(onBytes: (done: number) => void): TransformStream<Uint8Array, Uint8Array> {
  let done = 0;
  return new TransformStream({
    transform: (chunk, controller) => {
      done += chunk.length;
      onBytes(done);
      controller.enqueue(chunk);
    },
  });
}

/** @throws CliError FILE when somebody has changed release.json since it was signed */
async function readSigned(
  folder: string,
  manifest: ReleaseManifest,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const path = join(folder, SIGNED_RELEASE);
  const isSigned = await stat(path).then(
    () => true,
    () => false,
  );
  if (!isSigned) return undefined;
  const bytes = await readEnvelopeFile(path);
  const { payload } = inFile(path, () => decodeEnvelope(bytes));
  const document = inFile(path, () => parsePayload(ReleaseDocument, payload));
  if (isFrom(document, manifest)) return new Uint8Array(bytes);
  throw new CliError(
    "FILE",
    `${path}: expected what was signed to be what release.json says, got ${document.model}@${document.version} with other facts: sign it again (modelfleet release sign), or remove it`,
  );
}

/** Scan results stand in the document beside what the publisher wrote. */
function isFrom(document: ReleaseDocument, manifest: ReleaseManifest): boolean {
  const { opset: _scanned, ir: _found, ...compat } = document.compat;
  const { io, ...found } = ReleaseManifest.parse({ ...document, compat });
  const { io: stated, ...written } = manifest;
  const { opset: _opset, ir: _ir, ...wanted } = manifest.compat;
  if (stated !== undefined && !isDeepStrictEqual(byName(io), byName(stated))) return false;
  return isDeepStrictEqual(found, { ...written, compat: wanted });
}

function byName(io: ModelIo | undefined): ModelIo | undefined {
  const sorted = (specs: ModelIo["inputs"]) =>
    specs.toSorted((left, right) => (left.name < right.name ? -1 : 1));
  return io && { inputs: sorted(io.inputs), outputs: sorted(io.outputs) };
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (cause) {
    throw new CliError("FILE", `${path}: cannot be read: ${String(cause)}`, { cause });
  }
}
