import { blobLimits, busLimits, documentLimits, type ReleaseFile } from "@modelfleet/protocol";
import { backoffMs } from "../../domain/backoff.ts";
import { DownloadError } from "../../domain/download-error.ts";
import type { BlobSource, DownloadWatch } from "../../ports/blob-source.ts";
import type { Clock } from "../../ports/clock.ts";
import type { PartialBlob } from "../../ports/model-store.ts";
import { ask, type HttpAccess, type Question } from "./ask.ts";
import { fillOnce } from "./fill-once.ts";

export interface HttpPatience {
  readonly clock: Clock;
  readonly attemptsMax?: number;
  readonly retryMsMin?: number;
  readonly retryMsMax?: number;
  readonly stallMsMax?: number;
  readonly rateWindowMs?: number;
}

export interface HttpBlobOptions extends HttpPatience {
  /** Like `https://fleet.example.com`. */
  readonly controllerUrl: string;
  readonly device: string;
  readonly secret: string;
}

export interface HttpMirrorOptions extends HttpPatience {
  /** A folder of files named by their digests, like `http://10.0.0.5/blobs`. */
  readonly mirrorUrl: string;
}

type Options = HttpPatience & HttpAccess;

/** The controller's files over HTTP: ranges, resume, and attempts with growing pauses (mqtt.md 5). */
export function httpBlobSource(given: HttpBlobOptions): BlobSource {
  const { controllerUrl, device, secret } = given;
  const options: Options = { ...given, baseUrl: controllerUrl, login: { device, secret } };
  return {
    release: (release, signal) =>
      persist(options, signal, () =>
        readEnvelope(options, { path: `/v1/device/releases/${release}`, headers: {}, signal }),
      ),
    root: async (version, signal) => {
      const path = `/v1/device/root/${version}`;
      const question = { path, headers: {}, signal, mayBeAbsent: true };
      const bytes = await readEnvelope(options, question);
      return bytes.length === 0 ? undefined : bytes;
    },
    fill: (file, into, watch) => {
      const path = `/v1/device/blobs/${file.sha256}`;
      return fillAll(options, file, { into, path, ...watch });
    },
  };
}

/** Files from anywhere near, asked without the device's secret; the digest decides what they are worth. */
export function httpMirror(given: HttpMirrorOptions): BlobSource["fill"] {
  const { mirrorUrl: baseUrl, attemptsMax = blobLimits.mirrorAttemptsMax } = given;
  const options: Options = { ...given, baseUrl, login: null, attemptsMax };
  return (file, into, watch) => fillAll(options, file, { into, path: `/${file.sha256}`, ...watch });
}

interface FillingAll extends DownloadWatch {
  readonly into: PartialBlob;
  readonly path: string;
}

function fillAll(options: Options, file: ReleaseFile, filling: FillingAll): Promise<void> {
  const { into, signal } = filling;
  // Only bytes never had before are progress: a source that breaks off and starts anew for ever is given up.
  let mostBytes = into.haveBytes();
  return persist(options, signal, (progressed) =>
    fillOnce(options, file, {
      ...filling,
      progress: (haveBytes) => {
        if (haveBytes > mostBytes) progressed();
        mostBytes = Math.max(mostBytes, haveBytes);
        filling.progress(haveBytes);
      },
    }),
  );
}

/**
 * Again and again until it is done, the source refuses, or nothing came in `attemptsMax` attempts in a row. Attempts that
 * were broken off for their slowness are counted although something came.
 */
async function persist<T>(
  options: Options,
  signal: AbortSignal,
  attempt: (progressed: () => void) => Promise<T>,
): Promise<T> {
  const { clock, attemptsMax = blobLimits.downloadAttemptsMax } = options;
  const limits = {
    delayMsMin: options.retryMsMin ?? busLimits.reconnectMsMin,
    delayMsMax: options.retryMsMax ?? busLimits.reconnectMsMax,
  };
  let slowTimes = 0;
  for (let failures = 0; ; ) {
    try {
      return await attempt(() => {
        failures = 0;
      });
    } catch (cause) {
      signal.throwIfAborted();
      if (!(cause instanceof DownloadError)) throw cause;
      if (cause.code === "SLOW") slowTimes += 1;
      const worthRepeating = cause.code === "UNREACHABLE" || cause.code === "SLOW";
      failures += 1;
      const isOver = failures >= attemptsMax || slowTimes >= blobLimits.downloadSlowAttemptsMax;
      if (!worthRepeating || isOver) throw cause;
      await clock.sleep(backoffMs(limits, failures - 1, clock.chance()), signal);
    }
  }
}

/** Empty when there is none. */
async function readEnvelope(access: HttpAccess, question: Question): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  await ask(access, question, {
    begin: () => Promise.resolve(),
    piece: (piece) => {
      bytes += piece.length;
      if (bytes > documentLimits.envelopeBytesMax) {
        const limit = `expected a document of at most ${documentLimits.envelopeBytesMax} bytes`;
        throw new DownloadError("SIZE", `${limit}, got more`);
      }
      pieces.push(piece);
      return Promise.resolve();
    },
  });
  return Buffer.concat(pieces);
}
