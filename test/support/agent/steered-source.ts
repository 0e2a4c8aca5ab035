import type { Sha256 } from "@modelfleet/protocol";
import { DownloadError } from "../../../agent/src/domain/download-error.ts";
import type { BlobSource } from "../../../agent/src/ports/blob-source.ts";

/** A source in memory; `roots` by version, and which of them were asked for. `hold` makes downloads stop half way until it is released or the download is ended. */
export function steeredSource() {
  const releases = new Map<string, Uint8Array>();
  const blobs = new Map<string, Uint8Array>();
  const asked: string[] = [];
  const roots = new Map<number, Uint8Array | Error>();
  const rootsAsked: number[] = [];
  let hold: Promise<void> | undefined;
  const source: BlobSource = {
    release: (release: Sha256) => {
      const found = releases.get(release);
      if (found !== undefined) return Promise.resolve(found);
      return Promise.reject(new DownloadError("REFUSED", "no such release"));
    },
    root: (version) => {
      rootsAsked.push(version);
      const found = roots.get(version);
      return found instanceof Error ? Promise.reject(found) : Promise.resolve(found);
    },
    fill: async (file, into, { signal, progress }) => {
      asked.push(`${file.sha256} from ${into.haveBytes()}`);
      const bytes = blobs.get(file.sha256);
      if (bytes === undefined) throw new DownloadError("REFUSED", "no such blob");
      const half = Math.floor(bytes.length / 2);
      if (into.haveBytes() < half) await into.append(bytes.subarray(into.haveBytes(), half));
      if (hold !== undefined) await Promise.race([hold, rejected(signal)]);
      signal.throwIfAborted();
      await into.append(bytes.subarray(into.haveBytes()));
      progress(into.haveBytes());
    },
  };
  return {
    ...source,
    releases,
    roots,
    rootsAsked,
    blobs,
    asked,
    /** @returns lets every held download go on */
    holdDownloads: () => {
      const gate = Promise.withResolvers<undefined>();
      hold = gate.promise;
      return () => {
        hold = undefined;
        gate.resolve(undefined);
      };
    },
  };
}

function rejected(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(new Error("the download was ended"));
    signal.addEventListener("abort", () => reject(new Error("the download was ended")), {
      once: true,
    });
  });
}
