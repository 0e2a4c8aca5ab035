import type { ReleaseFile } from "@modelfleet/protocol";
import { DownloadError } from "../../domain/download-error.ts";
import type { DownloadWatch } from "../../ports/blob-source.ts";
import type { PartialBlob } from "../../ports/model-store.ts";
import { ask, type HttpAccess } from "./ask.ts";
import type { HttpAnswer } from "./send-request.ts";

export interface Filling extends DownloadWatch {
  readonly into: PartialBlob;
  /** Where the source keeps the file. */
  readonly path: string;
}

/**
 * One attempt at the rest of a file. The answer to a range that is not the asked one starts the file anew; one byte
 * more than promised is an error (SUIT THREAT.IMG.EXTRA).
 */
export async function fillOnce(
  access: HttpAccess,
  file: ReleaseFile,
  filling: Filling,
): Promise<void> {
  const { into, path, signal, progress } = filling;
  if (into.haveBytes() === file.size) return;
  const question = { path, headers: rangeOf(file, into.haveBytes()), signal };
  await ask(access, question, {
    begin: (answer) => matchStart(answer, into),
    piece: async (bytes) => {
      if (into.haveBytes() + bytes.length > file.size) {
        await into.restart();
        const came = "the source sent more";
        throw new DownloadError("SIZE", `expected exactly ${file.size} bytes, ${came}`);
      }
      await into.append(bytes);
      progress(into.haveBytes());
    },
  });
  if (into.haveBytes() < file.size) {
    const came = `the connection ended after ${into.haveBytes()}`;
    throw new DownloadError("UNREACHABLE", `expected ${file.size} bytes, ${came}`);
  }
}

function rangeOf(file: ReleaseFile, haveBytes: number): Record<string, string> {
  if (haveBytes === 0) return {};
  return { range: `bytes=${haveBytes}-`, "if-range": `"${file.sha256}"` };
}

async function matchStart(answer: HttpAnswer, into: PartialBlob): Promise<void> {
  const match = /^bytes (\d+)-/.exec(answer.headers["content-range"] ?? "");
  const startsAt = answer.statusCode === 206 ? Number(match?.[1] ?? Number.NaN) : 0;
  if (startsAt === into.haveBytes()) return;
  await into.restart();
  if (startsAt === 0) return;
  throw new DownloadError("UNREACHABLE", `expected the range asked for, got one at ${startsAt}`);
}
