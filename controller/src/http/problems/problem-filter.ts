import { apiLimits } from "@modelfleet/protocol";
import { type ArgumentsHost, Catch, type ExceptionFilter } from "@nestjs/common";
import type { HttpReply, HttpRequest } from "../exchange.ts";
import { type Judged, toProblem } from "./to-problem.ts";

const challenges: Readonly<Record<string, string>> = {
  OPERATOR_KEY_REQUIRED: 'Bearer realm="modelfleet"',
  DEVICE_LOGIN_REQUIRED: 'Basic realm="modelfleet", charset="UTF-8"',
};

/** Answers every failure as `application/problem+json`, and passes on what is a defect of ours. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  readonly #onDefect: (error: unknown) => void;

  constructor(onDefect: (error: unknown) => void) {
    this.#onDefect = onDefect;
  }

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const judged = toProblem(error);
    answerProblem(http.getRequest<HttpRequest>(), http.getResponse<HttpReply>(), judged);
    if (judged.kind === "defect") this.#onDefect(error);
  }
}

export function answerProblem(
  request: Pick<HttpRequest, "url">,
  reply: HttpReply,
  judged: Judged,
): void {
  // The body of an answer that has begun cannot become a problem any more: cut it, so that nobody takes it for whole.
  if (reply.raw.headersSent) {
    reply.raw.destroy();
    return;
  }
  const { problem } = judged;
  const challenge = challenges[problem.code];
  const instance = request.url.split("?")[0] ?? "";
  reply
    .status(problem.status)
    .headers({
      "content-type": "application/problem+json; charset=utf-8",
      "cache-control": "no-store",
      ...(challenge === undefined ? {} : { "www-authenticate": challenge }),
      ...([429, 503].includes(problem.status) ? { "retry-after": retryAfterSeconds(judged) } : {}),
    })
    .send(JSON.stringify({ ...problem, instance: instance.slice(0, 256) }));
}

function retryAfterSeconds(judged: Judged): number {
  const knownMs = judged.kind === "expected" ? judged.retryAfterMs : undefined;
  return Math.ceil((knownMs ?? apiLimits.retryAfterMs) / 1_000);
}
