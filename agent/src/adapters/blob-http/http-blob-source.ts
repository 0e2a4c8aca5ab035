import { blobLimits, busLimits, documentLimits } from "@modelfleet/protocol";
import { backoffMs } from "../../domain/backoff.ts";
import { DownloadError } from "../../domain/download-error.ts";
import type { BlobSource } from "../../ports/blob-source.ts";
import type { Clock } from "../../ports/clock.ts";
import { ask, type HttpAccess } from "./ask.ts";
import { fillOnce } from "./fill-once.ts";

export interface HttpBlobOptions extends HttpAccess {
  readonly clock: Clock;
  readonly attemptsMax?: number;
  readonly retryMsMin?: number;
  readonly retryMsMax?: number;
}

/** The controller's files over HTTP: ranges, resume, and attempts with growing pauses (mqtt.md 5). */
export function httpBlobSource(options: HttpBlobOptions): BlobSource {
  return {
    release: (release, signal) =>
      persist(options, signal, () =>
        readRelease(options, `/v1/device/releases/${release}`, signal),
      ),
    fill: (file, into, watch) => {
      // Only bytes never had before are progress: a source that breaks off and starts anew for ever is given up.
      let mostBytes = into.haveBytes();
      return persist(options, watch.signal, (progressed) =>
        fillOnce(options, file, {
          into,
          signal: watch.signal,
          progress: (haveBytes) => {
            if (haveBytes > mostBytes) progressed();
            mostBytes = Math.max(mostBytes, haveBytes);
            watch.progress(haveBytes);
          },
        }),
      );
    },
  };
}

/** Again and again until it is done, the source refuses, or nothing came in `attemptsMax` attempts in a row. */
async function persist<T>(
  options: HttpBlobOptions,
  signal: AbortSignal,
  attempt: (progressed: () => void) => Promise<T>,
): Promise<T> {
  const { clock, attemptsMax = blobLimits.downloadAttemptsMax } = options;
  const limits = {
    delayMsMin: options.retryMsMin ?? busLimits.reconnectMsMin,
    delayMsMax: options.retryMsMax ?? busLimits.reconnectMsMax,
  };
  for (let failures = 0; ; ) {
    try {
      return await attempt(() => {
        failures = 0;
      });
    } catch (cause) {
      signal.throwIfAborted();
      const worthRepeating = cause instanceof DownloadError && cause.code === "UNREACHABLE";
      failures += 1;
      if (!worthRepeating || failures >= attemptsMax) throw cause;
      await clock.sleep(backoffMs(limits, failures - 1, clock.chance()), signal);
    }
  }
}

async function readRelease(
  access: HttpAccess,
  path: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  await ask(
    access,
    { path, headers: {}, signal },
    {
      begin: () => Promise.resolve(),
      piece: (piece) => {
        bytes += piece.length;
        if (bytes > documentLimits.envelopeBytesMax) {
          const limit = `expected a release of at most ${documentLimits.envelopeBytesMax} bytes`;
          throw new DownloadError("SIZE", `${limit}, got more`);
        }
        pieces.push(piece);
        return Promise.resolve();
      },
    },
  );
  return Buffer.concat(pieces);
}
