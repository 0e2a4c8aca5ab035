import { setTimeout as pause } from "node:timers/promises";
import { type RolloutEvent, rolloutLimits } from "@modelfleet/protocol";
import type { ReadEvents } from "../../app/rollout/follow-rollout.ts";

/** Events as a stream of `text/event-stream`, from behind a sequence number on; ends with the signal or its time. */
export async function* eventLines(
  read: ReadEvents,
  from: number,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const { eventHeartbeatMs, eventPollMs, eventRetryMs, eventStreamMsMax } = rolloutLimits;
  // At once, so that the reader knows it is heard, and where it goes on, before anything happens.
  yield `id: ${from}\nretry: ${eventRetryMs}\n\n`;
  let after = from;
  let quietMs = 0;
  for (let openMs = 0; openMs < eventStreamMsMax && !signal.aborted; openMs += eventPollMs) {
    const events = await read(after);
    for (const event of events) yield linesOf(event);
    after = events.at(-1)?.seq ?? after;
    quietMs = events.length > 0 ? 0 : quietMs + eventPollMs;
    if (quietMs >= eventHeartbeatMs) {
      yield ": nothing new\n\n";
      quietMs = 0;
    }
    if (events.length < rolloutLimits.eventsPerPollMax) await wait(eventPollMs, signal);
  }
}

function linesOf(event: RolloutEvent): string {
  return `id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** Ends early, and without a failure, with the signal. */
async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}
