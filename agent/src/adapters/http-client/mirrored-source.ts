import { blobLimits, type Sha256 } from "@modelfleet/protocol";
import { DownloadError } from "../../domain/download-error.ts";
import type { BlobSource } from "../../ports/blob-source.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";

export interface MirroredSourceParts {
  readonly controller: BlobSource;
  readonly mirror: BlobSource["fill"];
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Model files from a mirror near by, and from the controller where that fails; documents from the controller alone.
 *
 * 1. What one source began the other goes on with: the whole file is hashed in the end.
 * 2. A file asked for again right after the mirror brought it had the wrong bytes. After that, silence or a drip, the mirror
 *    is not asked for `mirrorPauseMs`. A file that it does not have is no fault.
 */
export function mirroredSource({
  controller,
  mirror,
  clock,
  log,
}: MirroredSourceParts): BlobSource {
  let pausedUntilMs = Number.NEGATIVE_INFINITY;
  let lastBrought: Sha256 | undefined;

  function pause(reason: string): void {
    const { mirrorPauseMs: pauseMs } = blobLimits;
    pausedUntilMs = clock.monotonicMs() + pauseMs;
    log.warn({ event: "mirror.paused", pauseMs, reason }, "the mirror is not asked for a while");
  }

  async function fromMirror(...[file, into, watch]: Parameters<BlobSource["fill"]>) {
    if (lastBrought === file.sha256) pause("it brought wrong bytes");
    lastBrought = undefined;
    if (clock.monotonicMs() < pausedUntilMs) return false;
    try {
      await mirror(file, into, watch);
      lastBrought = file.sha256;
      return true;
    } catch (cause) {
      watch.signal.throwIfAborted();
      if (!(cause instanceof DownloadError)) throw cause;
      if (cause.code !== "REFUSED") pause(cause.message);
      return false;
    }
  }

  return {
    ...controller,
    fill: async (file, into, watch) => {
      if (!(await fromMirror(file, into, watch))) await controller.fill(file, into, watch);
    },
  };
}
