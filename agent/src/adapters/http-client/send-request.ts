import http, { type IncomingMessage } from "node:http";

export interface HttpRequest {
  readonly method?: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Ends the answer as well, wherever it is. */
  readonly signal: AbortSignal;
}

/** Whoever gets one reads its pieces to the end or destroys it. */
export type HttpAnswer = IncomingMessage;

/**
 * One request by Node's own client: `fetch` would bring a library of 15 MB into a process that has this one anyway.
 *
 * @throws Error with the reason when there is no answer, or only one that leads elsewhere: a redirect would carry the
 *   device's secret to another place
 */
export async function sendRequest(url: URL, request: HttpRequest): Promise<HttpAnswer> {
  request.signal.throwIfAborted();
  const client = url.protocol === "https:" ? (await import("node:https")).default : http;
  const answer = await answerOf(client, url, request);
  if (!REDIRECTS.includes(answer.statusCode)) return answer;
  answer.destroy();
  throw new Error(`a redirect to ${answer.headers.location ?? "nowhere"}`);
}

const REDIRECTS: readonly (number | undefined)[] = [301, 302, 303, 307, 308];

export function isSuccess({ statusCode = 0 }: HttpAnswer): boolean {
  return statusCode >= 200 && statusCode < 300;
}

/** Why there was no answer, in a line; a host with several addresses fails with one error for each. */
export function reasonOf(cause: unknown): string {
  const [first = cause] = cause instanceof AggregateError ? (cause.errors as unknown[]) : [];
  return first instanceof Error ? first.message : "an unknown failure";
}

function answerOf(
  client: Pick<typeof http, "request">,
  url: URL,
  { method = "GET", headers, body, signal }: HttpRequest,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    // The bytes as they are: ranges and sizes count those of the file, not of a compression on the way.
    const asked = { ...headers, "accept-encoding": "identity" };
    const sent = client.request(url, { method, headers: asked });
    let answer: HttpAnswer | undefined;
    const abort = () => (answer ?? sent).destroy(new Error("it was broken off"));
    signal.addEventListener("abort", abort, { once: true });
    sent.once("response", (came) => {
      answer = came;
      resolve(came);
    });
    sent.on("error", reject);
    sent.once("close", () => signal.removeEventListener("abort", abort));
    sent.end(body);
  });
}
