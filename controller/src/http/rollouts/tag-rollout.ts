import type { Rollout } from "@modelfleet/protocol";
import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
} from "@nestjs/common";
import { map, type Observable } from "rxjs";
import type { HttpReply, HttpRequest } from "../exchange.ts";
import { etagOf, isKnown } from "./preconditions.ts";

/** Gives a rollout that is answered its ETag, and answers 304 to who has just that. */
@Injectable()
export class TagRollout implements NestInterceptor<Rollout, Rollout | undefined> {
  intercept(
    context: ExecutionContext,
    next: CallHandler<Rollout>,
  ): Observable<Rollout | undefined> {
    const http = context.switchToHttp();
    const [request, reply] = [http.getRequest<HttpRequest>(), http.getResponse<HttpReply>()];
    return next.handle().pipe(
      map((rollout) => {
        const etag = etagOf(rollout);
        reply.headers({ etag, "cache-control": "private, no-cache" });
        if (request.method !== "GET" || !isKnown(request, etag)) return rollout;
        reply.status(304);
        return undefined;
      }),
    );
  }
}
