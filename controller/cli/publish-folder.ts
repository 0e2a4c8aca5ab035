import { openAsBlob } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { blobLimits, cliLimits, Release, ReleaseManifest } from "@modelfleet/protocol";
import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";
import { createProgress } from "./render/progress.ts";

const { publishAttemptsMax, publishRetryMsMin, publishRetryMsMax } = cliLimits;

/**
 * Uploads a release folder: `release.json` first, then each file it names, streamed.
 * A connection that breaks (a controller that restarts) is tried again; publishing the same content twice is harmless.
 *
 * @throws CliError FILE when the folder does not hold what its manifest names; REFUSED with the controller's reason
 */
export async function publishFolder(context: Context, folder: string): Promise<Release> {
  const manifest = await readManifest(join(folder, "release.json"));
  const paths = [manifest.entry, manifest.selfTest?.file, manifest.drift?.baseline].filter(
    (path) => path !== undefined,
  );
  const sizes = await Promise.all(paths.map((path) => sizeOf(join(folder, path))));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await uploadOnce(context, { folder, manifest, paths, total });
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
  readonly paths: readonly string[];
  readonly total: number;
}

async function uploadOnce(context: Context, upload: Upload): Promise<Release> {
  const form = new FormData();
  form.append("manifest", JSON.stringify(upload.manifest));
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

async function readManifest(path: string): Promise<ReleaseManifest> {
  const bytes = await readBounded(path);
  const parsed = ReleaseManifest.safeParse(parse(path, bytes.toString("utf8")));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new CliError(
    "FILE",
    `${path}: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "not a release manifest"}`,
  );
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CliError("FILE", `${path}: expected JSON: ${String(cause)}`, { cause });
  }
}

async function readBounded(path: string): Promise<Buffer> {
  const size = await sizeOf(path);
  if (size > blobLimits.manifestBytesMax) {
    throw new CliError(
      "FILE",
      `${path}: expected at most ${blobLimits.manifestBytesMax} bytes, got ${size}`,
    );
  }
  return readFile(path);
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (cause) {
    throw new CliError("FILE", `${path}: cannot be read: ${String(cause)}`, { cause });
  }
}
