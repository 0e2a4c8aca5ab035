import { apiLimits, cliLimits, Problem } from "@modelfleet/protocol";
import type { z } from "zod";
import { CliError } from "./cli-error.ts";

export interface ApiClient {
  readonly url: string;
  /** @throws CliError UNREACHABLE | BROKEN_OFF (may be repeated) | REFUSED (the controller said no) | BAD_ANSWER */
  readonly call: <Schema extends z.ZodType>(
    request: ApiRequest<Schema>,
  ) => Promise<z.infer<Schema>>;
  /** The same, of an answer that has another page behind it. */
  readonly page: <Schema extends z.ZodType>(
    request: ApiRequest<Schema>,
  ) => Promise<ApiPage<z.infer<Schema>>>;
  /** The bytes of a GET, as they come. @throws CliError UNREACHABLE | BROKEN_OFF | REFUSED */
  readonly download: (path: string) => Promise<AsyncIterable<Uint8Array>>;
  /** What a GET of server-sent events tells, until one of the two ends it. @throws CliError as `download` */
  readonly listen: (request: ListenRequest) => Promise<AsyncIterable<Uint8Array>>;
}

export interface ListenRequest {
  readonly path: string;
  /** Of the last event that was heard; undefined: none yet. */
  readonly lastEventId: string | undefined;
  readonly signal: AbortSignal;
}

export interface ApiRequest<Schema extends z.ZodType> {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Below the controller's address, with the leading slash. */
  readonly path: string;
  readonly answer: Schema;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly stream?: { readonly body: ReadableStream<Uint8Array>; readonly contentType: string };
}

export interface ApiPage<Answer> {
  readonly answer: Answer;
  /** Path of the next page; undefined: this is the last. */
  readonly next: string | undefined;
}

export interface ApiAccess {
  /** Origin of the REST API, http or https. */
  readonly url: string;
  /** API key or token; none is only good for a controller with --dev on this machine. */
  readonly apiKey: string | undefined;
  /** How long one answer may take, in place of `cliLimits.answerMsMax`. */
  readonly answerMsMax?: number;
}

/**
 * A client of the REST API. Every answer is checked against the contract before anyone uses it.
 *
 * @throws CliError USAGE when the address is none
 */
export function createApiClient(access: ApiAccess): ApiClient {
  const base = readOrigin(access.url);
  return {
    url: base,
    download: (path) => bytesOf(base, path, downloadInit(access)),
    listen: async (request) =>
      untilBroken(base, await bytesOf(base, request.path, listenInit(request, access))),
    call: async (request) => (await exchange(base, request, access)).answer,
    page: (request) => exchange(base, request, access),
  };
}

async function bytesOf(base: string, path: string, init: RequestInit) {
  const response = await send(`${base}${path}`, init);
  if (!response.ok) throw refusal(await readText(response, base), response.status);
  if (response.body === null) throw new CliError("BAD_ANSWER", `GET ${path}: expected bytes`);
  return response.body;
}

async function* untilBroken(base: string, bytes: AsyncIterable<Uint8Array>) {
  try {
    yield* bytes;
  } catch (cause) {
    throw unreachable(base, cause);
  }
}

async function exchange<Schema extends z.ZodType>(
  base: string,
  request: ApiRequest<Schema>,
  access: ApiAccess,
): Promise<ApiPage<z.infer<Schema>>> {
  const response = await send(`${base}${request.path}`, requestInit(request, access));
  const text = await readText(response, base);
  if (!response.ok) throw refusal(text, response.status);
  const [, next] = /<(\/v1\/[^>]*)>; rel="next"/.exec(response.headers.get("link") ?? "") ?? [];
  // Nothing is what some changes are answered with (204).
  const parsed = request.answer.safeParse(text === "" ? undefined : parseJson(text));
  if (parsed.success) return { answer: parsed.data, next };
  const issue = parsed.error.issues[0];
  throw new CliError(
    "BAD_ANSWER",
    `${request.method} ${request.path}: unexpected answer at ${issue?.path.join(".") ?? "?"}: ${issue?.message ?? ""}; are command and controller of the same version?`,
  );
}

function readOrigin(text: string): string {
  const url = URL.parse(text);
  if (url !== null && ["http:", "https:"].includes(url.protocol)) return text.replace(/\/+$/, "");
  throw new CliError(
    "USAGE",
    `expected the controller's address like http://127.0.0.1:7680, got "${text.slice(0, 128)}"`,
  );
}

function requestInit(request: ApiRequest<z.ZodType>, access: ApiAccess): RequestInit {
  const { method, json, stream } = request;
  const authorization =
    access.apiKey === undefined ? undefined : { authorization: `Bearer ${access.apiKey}` };
  const waitMs =
    stream === undefined ? (access.answerMsMax ?? cliLimits.answerMsMax) : apiLimits.requestMsMax;
  const init = { method, signal: AbortSignal.timeout(waitMs) };
  if (stream !== undefined) {
    const headers = { ...authorization, "content-type": stream.contentType };
    // `duplex: "half"` lets the body stream; the types of fetch do not know it yet.
    const streamed = { ...init, headers, body: stream.body, duplex: "half" };
    return streamed as RequestInit;
  }
  if (json === undefined) return { ...init, headers: { ...request.headers, ...authorization } };
  const headers = { ...request.headers, ...authorization, "content-type": "application/json" };
  return { ...init, headers, body: JSON.stringify(json) };
}

function downloadInit({ apiKey }: ApiAccess): RequestInit {
  const headers = {
    "accept-encoding": "identity",
    ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
  };
  return { headers, signal: AbortSignal.timeout(apiLimits.requestMsMax) };
}

function listenInit({ lastEventId, signal }: ListenRequest, { apiKey }: ApiAccess): RequestInit {
  const headers = {
    accept: "text/event-stream",
    ...(lastEventId === undefined ? {} : { "last-event-id": lastEventId }),
    ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
  };
  return { headers, signal };
}

async function send(address: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(address, init);
  } catch (cause) {
    throw unreachable(new URL(address).origin, cause);
  }
}

interface AnswerBody {
  readonly body: AsyncIterable<Uint8Array> | null;
}

async function readText({ body }: AnswerBody, base: string): Promise<string> {
  const decoder = new TextDecoder();
  const parts: string[] = [];
  let sizeBytes = 0;
  try {
    for await (const bytes of body ?? []) {
      sizeBytes += bytes.length;
      if (sizeBytes > cliLimits.answerBytesMax) break;
      parts.push(decoder.decode(bytes, { stream: true }));
    }
  } catch (cause) {
    throw unreachable(base, cause);
  }
  if (sizeBytes <= cliLimits.answerBytesMax) return parts.join("") + decoder.decode();
  const expected = `expected an answer of at most ${cliLimits.answerBytesMax} bytes from ${base}`;
  throw new CliError("BAD_ANSWER", `${expected}, got more`);
}

/** How a connection fails that nobody took. */
const NOBODY: readonly unknown[] = ["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND"];

function unreachable(origin: string, cause: unknown): CliError {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const reason = inner instanceof Error ? inner.message : String(inner);
  const code = inner instanceof Error && "code" in inner ? inner.code : undefined;
  if (!NOBODY.includes(code)) {
    const message = `the connection to the controller at ${origin} broke off (${reason}): try again`;
    return new CliError("BROKEN_OFF", message, { cause });
  }
  return new CliError(
    "UNREACHABLE",
    `no controller answers at ${origin} (${reason}): start one with "modelfleet controller start --dev", or name it with --controller URL or MODELFLEET_URL`,
    { cause },
  );
}

function refusal(text: string, status: number): CliError {
  const problem = Problem.safeParse(parseJson(text));
  if (!problem.success)
    return new CliError("REFUSED", `the controller answered ${status}: ${text.slice(0, 200)}`, {
      status,
    });
  const { code, detail, errors } = problem.data;
  const places = (errors ?? [])
    .filter((error) => !detail.includes(error.detail))
    .map((error) => `\n  ${error.pointer}: ${error.detail}`)
    .join("");
  return new CliError("REFUSED", `${code}: ${detail}${places}`, {
    status,
    problemCode: code,
    places: errors,
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw cause;
  }
}
