import { Readable } from "node:stream";
import { rolloutLimits } from "@modelfleet/protocol";
import { Inject, Injectable, type OnModuleDestroy } from "@nestjs/common";
import { FollowRollout } from "../../app/rollout/follow-rollout.ts";
import { callerOf } from "../access/caller.ts";
import type { HttpReply, HttpRequest } from "../exchange.ts";
import { HttpError, RequestInvalid } from "../problems/http-error.ts";
import { eventLines } from "./event-lines.ts";

/**
 * What happens in a rollout: a page to who asks for JSON, a stream of server-sent events to who asks for that. Rules:
 *
 * 1. The id of an event is its place in the audit log; `Last-Event-ID` goes on behind it, so nothing is missed or told twice.
 * 2. At most `rolloutLimits.eventStreamsMax` streams. Each ends after `eventStreamMsMax`; its reader comes again and is
 *    looked at anew, so that a key that was revoked meanwhile is refused.
 * 3. No more is read from the log than the reader has taken; one that stands still is cut by the server's idle time.
 * 4. All of them end when the server closes.
 */
@Injectable()
export class SendEvents implements OnModuleDestroy {
  readonly #follow: FollowRollout;
  readonly #open = new Set<AbortController>();

  constructor(@Inject(FollowRollout) follow: FollowRollout) {
    this.#follow = follow;
  }

  /** @throws NotFoundError ROLLOUT_UNKNOWN; HttpError STREAMS_TOO_MANY | REQUEST_INVALID */
  async run(
    { id, after }: { readonly id: string; readonly after: number | "newest" },
    request: HttpRequest,
    reply: HttpReply,
  ): Promise<void> {
    const read = await this.#follow.run(id, callerOf(request));
    const asked = after === "newest" ? await this.#follow.newest() : after;
    if (!wantsStream(request)) {
      const events = await read(asked);
      reply.headers({ "cache-control": "no-store" }).send({ events });
      return;
    }
    const from = lastEventId(request) ?? asked;
    const end = this.#take(reply);
    reply
      .headers({
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-store",
        // Proxies that keep an answer back until it is whole would keep this one for ever.
        "x-accel-buffering": "no",
      })
      .send(Readable.from(eventLines(read, from, end.signal)));
  }

  /** Rule 4. */
  onModuleDestroy(): void {
    for (const end of this.#open) end.abort();
  }

  /** Rule 2. @throws HttpError STREAMS_TOO_MANY */
  #take(reply: HttpReply): AbortController {
    if (this.#open.size >= rolloutLimits.eventStreamsMax) {
      throw new HttpError(
        "STREAMS_TOO_MANY",
        `expected at most ${rolloutLimits.eventStreamsMax} readers of events at once: try again later, or ask for JSON`,
      );
    }
    const end = new AbortController();
    this.#open.add(end);
    reply.raw.once("close", () => {
      this.#open.delete(end);
      end.abort();
    });
    return end;
  }
}

function wantsStream({ headers }: HttpRequest): boolean {
  return headers.accept?.includes("text/event-stream") ?? false;
}

function lastEventId({ headers }: HttpRequest): number | undefined {
  const id = headers["last-event-id"];
  if (id === undefined || id === "") return undefined;
  if (typeof id === "string" && /^\d{1,15}$/.test(id)) return Number(id);
  const detail = "expected the id of an event, which is a whole number";
  throw new RequestInvalid([{ pointer: "/headers/Last-Event-ID", detail }]);
}
