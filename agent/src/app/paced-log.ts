import { logLimits } from "@modelfleet/protocol";
import { LineBucket } from "../domain/line-bucket.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log, LogEvent } from "../ports/log.ts";

/** A line for each message that is not followed: whoever has the broker writes as many as he likes. */
const atWill: ReadonlySet<string> = new Set([
  "desired.passed-over",
  "desired.refused",
  "desired.stale",
  "message.failed",
  "message.ignored",
]);

/**
 * The same log, but that no broker fills this device's disk with it: of each event that it can cause at will there are so
 * many lines as `logLimits` says. `leftOut` of the next one counts those that were not written.
 */
export function pacedLog(log: Log, clock: Pick<Clock, "monotonicMs">): Log {
  const buckets = new Map<string, LineBucket>();

  function bucketOf(event: string, nowMs: number): LineBucket {
    const known = buckets.get(event);
    if (known !== undefined) return known;
    const bucket = new LineBucket(logLimits, nowMs);
    buckets.set(event, bucket);
    return bucket;
  }

  const paced = (write: Log["info"]) => (event: LogEvent, text: string) => {
    const nowMs = clock.monotonicMs();
    const leftOut = atWill.has(event.event) ? bucketOf(event.event, nowMs).take(nowMs) : 0;
    if (leftOut === undefined) return;
    write(leftOut === 0 ? event : { ...event, leftOut }, text);
  };

  return { info: paced(log.info), warn: paced(log.warn), error: paced(log.error) };
}
