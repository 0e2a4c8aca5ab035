import { busLimits } from "@modelfleet/protocol";
import { backoffMs } from "../../domain/backoff.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";

export interface Reconnecting {
  readonly clock: Clock;
  readonly log: Log;
  /** Of the log's event when there is no connection. */
  readonly event: string;
  readonly retryMsMin?: number | undefined;
  readonly retryMsMax?: number | undefined;
}

/** A connection that stood this long was a good one: the next failure starts with a short pause again. */
const stableMs = busLimits.connectMsMax;

/**
 * Connects, and connects again after pauses with full jitter (mqtt.md 9.2), until the signal aborts.
 *
 * @param connectOnce resolves with the reason when a connection has ended; rejects when there was none
 */
export async function keepConnected(
  options: Reconnecting,
  signal: AbortSignal,
  connectOnce: () => Promise<string>,
): Promise<void> {
  const { clock, log, event, retryMsMin, retryMsMax } = options;
  const limits = {
    delayMsMin: retryMsMin ?? busLimits.reconnectMsMin,
    delayMsMax: retryMsMax ?? busLimits.reconnectMsMax,
  };
  for (let failures = 0; ; failures += 1) {
    const beganMs = clock.monotonicMs();
    const reason = await connectOnce().catch(reasonOf);
    if (signal.aborted) return;
    if (clock.monotonicMs() - beganMs >= stableMs) failures = 0;
    const delayMs = backoffMs(limits, failures, clock.chance());
    log.warn({ event, reason, delayMs }, "no connection to the broker; trying again");
    const isOver = await clock.sleep(delayMs, signal).then(
      () => false,
      () => true,
    );
    if (isOver) return;
  }
}

function reasonOf(cause: unknown): string {
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join(", ");
  return cause instanceof Error ? cause.message : "an unknown failure";
}
