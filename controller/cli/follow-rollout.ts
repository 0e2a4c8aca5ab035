import { RolloutEvent, rolloutLimits } from "@modelfleet/protocol";
import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";
import { readEventStream } from "./read-event-stream.ts";
import { rolloutPath } from "./rollout-paths.ts";

/** What is followed, and from where on; `newest`: only what happens from now on. */
export interface FollowRequest {
  readonly id: string;
  readonly after: number | "newest";
  readonly signal: AbortSignal;
}

/**
 * What happens in a rollout, as it happens, until the signal. A stream that breaks off is opened anew behind the last event
 * that was heard (`Last-Event-ID`), so that nothing is missed or told twice; a controller that is away is waited for.
 *
 * @throws CliError REFUSED (no such rollout, not permitted any more) | BAD_ANSWER
 */
export async function* followRollout(
  context: Context,
  { id, after, signal }: FollowRequest,
): AsyncGenerator<RolloutEvent> {
  const path = `${rolloutPath(id)}/events?after=${after}`;
  const place: Place = { lastEventId: undefined, retryMs: rolloutLimits.eventRetryMs };
  while (!signal.aborted) {
    yield* oneStream(context, { path, place, signal });
    await context.terminal.sleep(place.retryMs, signal);
  }
}

interface Place {
  lastEventId: string | undefined;
  retryMs: number;
}

interface StreamRequest {
  readonly path: string;
  /** Moves on with what is heard. */
  readonly place: Place;
  readonly signal: AbortSignal;
}

/** Ends where the stream does, however that comes. */
async function* oneStream(
  { api }: Context,
  { path, place, signal }: StreamRequest,
): AsyncGenerator<RolloutEvent> {
  using quiet = createPatience(rolloutLimits.eventQuietMsMax);
  const ended = AbortSignal.any([signal, quiet.signal]);
  try {
    const bytes = await api.listen({ path, lastEventId: place.lastEventId, signal: ended });
    for await (const { id, retryMs, data } of readEventStream(bytes)) {
      quiet.renew();
      place.lastEventId = id ?? place.lastEventId;
      place.retryMs = withinLimits(retryMs ?? place.retryMs);
      if (data !== undefined) yield eventOf(data, path);
    }
  } catch (error) {
    const isExpected = ended.aborted || (error instanceof CliError && isAway(error));
    if (!isExpected) throw error;
  }
}

/** What a controller may ask for: a stream that ends at once is not opened anew without a pause. */
function withinLimits(retryMs: number): number {
  return Math.min(Math.max(retryMs, rolloutLimits.watchPollMs), rolloutLimits.eventRetryMsMax);
}

/** Whether the controller, or what stands before it, may be there again in a moment. */
export function isAway({ code, status }: CliError): boolean {
  if (code === "UNREACHABLE" || code === "BROKEN_OFF") return true;
  return status !== undefined && [429, 502, 503, 504].includes(status);
}

function eventOf(data: string, path: string): RolloutEvent {
  const event = RolloutEvent.safeParse(parseJson(data));
  if (event.success) return event.data;
  throw new CliError("BAD_ANSWER", `GET ${path}: unexpected event ${data.slice(0, 100)}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}

/** Its signal is given when it was not renewed for so long. */
function createPatience(ms: number) {
  const ended = new AbortController();
  const timer = setTimeout(() => ended.abort(), ms);
  return {
    signal: ended.signal,
    renew: () => void timer.refresh(),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}
