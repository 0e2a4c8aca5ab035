import { join } from "node:path";
import { isCodedError } from "@modelfleet/protocol";
import { nodeFs } from "../adapters/file-store/node-fs.ts";
import { keepSocketNote, removeSocketNote } from "../adapters/file-store/socket-note.ts";
import { storeFailure, systemCode } from "../adapters/file-store/store-failure.ts";
import {
  type LocalApi,
  type LocalApiOptions,
  startLocalApi,
} from "../adapters/local-api/local-api.ts";
import { createWriter } from "../open-data-folder.ts";
import type { Log } from "../ports/log.ts";

export interface ApiPlace {
  /** Where this start has what lives no longer than itself. */
  readonly runFolder: string;
  readonly log: Log;
}

/** The disk's own words; whatever else stands in the way of a socket is for a person to mend. */
const diskCodes: ReadonlySet<string> = new Set(["EROFS", "ENOSPC", "EDQUOT", "EIO"]);

/** Where the agent listens when its disk takes no socket. */
export function spareSocketPath(runFolder: string): string {
  return join(runFolder, "agent.sock");
}

/**
 * The local API; in the run folder when the disk takes no socket at its usual place, as a read-only one.
 *
 * @throws ListenError
 */
export async function openLocalApi(options: LocalApiOptions, place: ApiPlace): Promise<LocalApi> {
  const { runFolder, log } = place;
  const api = await listen(options, place);
  await orWarn(keepSocketNote(createWriter(), runFolder, api.socketPath), log);
  return {
    ...api,
    [Symbol.asyncDispose]: async () => {
      await orWarn(removeSocketNote(nodeFs, runFolder), log);
      await api[Symbol.asyncDispose]();
    },
  };
}

/** The note only helps to find the agent: neither its start nor its end waits for a disk that does not take it. */
async function orWarn(noted: Promise<void>, log: Log): Promise<void> {
  try {
    await noted;
  } catch (cause) {
    if (!isCodedError(cause)) throw cause;
    log.warn({ event: "socket-note.failed", code: cause.code }, cause.message);
  }
}

async function listen(options: LocalApiOptions, { runFolder, log }: ApiPlace): Promise<LocalApi> {
  try {
    return await startLocalApi(options);
  } catch (cause) {
    if (!isOfDisk(cause)) throw cause;
    const socketPath = spareSocketPath(runFolder);
    const { code, message } = storeFailure(`making ${options.socketPath}`, cause);
    log.error({ event: "api.moved", code, socketPath }, message);
    return await startLocalApi({ ...options, socketPath });
  }
}

function isOfDisk(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return [error, cause].some((one) => diskCodes.has(systemCode(one) ?? ""));
}
