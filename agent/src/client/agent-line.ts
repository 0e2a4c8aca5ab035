import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { clientLimits } from "@modelfleet/protocol/device-limits";
import { chunkStore } from "../wire/chunk-store.ts";
import { AgentError, isAgentErrorCode } from "./agent-error.ts";
import { parseJson } from "./read-answer.ts";

/** A timer of Node.js that is given more rings at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Where the agent listens: its Unix socket, or loopback TCP. */
export type AgentPlace = { readonly socketPath: string } | { readonly url: string };

export interface Question {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly chunks?: readonly Uint8Array[];
  /** For everything together. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** `unanswered`: asking it twice does no harm. `unsent`: only where it is sure that no model has seen it. */
  readonly repeat: "unanswered" | "unsent" | "never";
}

export interface AgentReply {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * Questions to one agent over connections that are kept.
 *
 * A repeatable question is asked again, after a growing pause, while nobody answers or the agent is not ready: an agent
 * that restarts is gone for a second. The question's time bounds it all, and so does the end of the client. An overload is told at once, for waiting then
 * is the application's decision.
 */
export class AgentLine implements Disposable {
  readonly #place:
    | { readonly socketPath: string }
    | { readonly host: string; readonly port: number };
  readonly #name: string;
  readonly #agent: Agent;
  /** One of every question that has no answer yet. */
  readonly #open = new Set<AbortController>();
  #isClosed = false;

  constructor(place: AgentPlace, connectionsMax: number) {
    this.#place = "url" in place ? hostOf(place.url) : place;
    this.#name = "url" in place ? place.url : place.socketPath;
    this.#agent = new Agent({ keepAlive: true, maxSockets: connectionsMax });
  }

  /** @throws AgentError; the reason of the caller's signal when that aborts */
  async ask(question: Question): Promise<AgentReply> {
    const { timeoutMs, signal } = question;
    signal?.throwIfAborted();
    if (this.#isClosed) throw closed();
    const end = new AbortController();
    const giveUp = () => end.abort(signal?.reason);
    const waitMs = Math.min(Math.ceil(timeoutMs), TIMER_MS_MAX);
    const alarm = setTimeout(() => end.abort(this.#late(timeoutMs)), waitMs);
    signal?.addEventListener("abort", giveUp, { once: true });
    this.#open.add(end);
    try {
      return await this.#askUntil(question, end.signal);
    } finally {
      clearTimeout(alarm);
      signal?.removeEventListener("abort", giveUp);
      this.#open.delete(end);
    }
  }

  /** Connections end; what waits for an answer, for a connection or for the agent fails. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    for (const end of this.#open) end.abort(closed());
    this.#agent.destroy();
  }

  /** Once its time is over, what kept it from an answer says more than that. */
  async #askUntil(question: Question, end: AbortSignal): Promise<AgentReply> {
    let pauseMs: number = clientLimits.retryMsMin;
    for (let last: AgentError | undefined; ; pauseMs = nextPauseMs(pauseMs)) {
      const got = await this.#askOnce(question, end).catch(asAgentError);
      if (!(got instanceof AgentError)) return got;
      refuseEnded(end, last);
      if (!isWorthAnother(got, question.repeat)) throw got;
      last = got;
      await wait(pauseMs, undefined, { signal: end }).catch(() => undefined);
      refuseEnded(end, last);
    }
  }

  #askOnce(question: Question, end: AbortSignal): Promise<AgentReply> {
    const { method, path, headers = {}, chunks = [] } = question;
    return new Promise((resolve, reject) => {
      const failed = (cause: Error) => reject(this.#unreachable(cause));
      const sent = request(
        { ...this.#place, agent: this.#agent, method, path, headers, signal: end },
        (response) => {
          readReply(response).then(
            (reply) => settle(response.statusCode ?? 0, reply, { resolve, reject }),
            (cause: unknown) => (cause instanceof Error ? failed(cause) : reject(asDefect(cause))),
          );
        },
      );
      sent.on("error", failed);
      if (chunks.length > 1) sent.cork();
      for (const chunk of chunks) sent.write(chunk);
      sent.end();
    });
  }

  #unreachable(cause: Error): AgentError {
    if (cause instanceof AgentError) return cause;
    const code = codeOf(cause);
    const hint = code === "EACCES" ? "; the socket admits its owner and its group" : "";
    const text = `expected the agent at ${this.#name}, got ${code ?? cause.message}${hint}`;
    return new AgentError("UNREACHABLE", text, { cause });
  }

  #late(timeoutMs: number): AgentError {
    const text = `expected an answer within ${timeoutMs} ms, got none from ${this.#name}`;
    return new AgentError("DEADLINE_EXCEEDED", text);
  }
}

interface Settling {
  readonly resolve: (reply: AgentReply) => void;
  readonly reject: (error: Error) => void;
}

function settle(status: number, reply: AgentReply, { resolve, reject }: Settling): void {
  if (status === 200) resolve(reply);
  else reject(refusalOf(status, reply));
}

/** What the agent said instead of an answer. */
function refusalOf(status: number, { headers, body }: AgentReply): AgentError {
  const named = headers["modelfleet-error"];
  const code = isAgentErrorCode(named) ? named : "PROTOCOL";
  const ms = Number(headers["modelfleet-retry-after-ms"]);
  const retryAfterMs = ms > 0 ? ms : undefined;
  return new AgentError(code, errorText(body) ?? `status ${status}`, { retryAfterMs });
}

function errorText(body: Buffer): string | undefined {
  try {
    const value = parseJson(body);
    if (typeof value !== "object" || value === null || !("error" in value)) return undefined;
    return typeof value.error === "string" ? value.error : undefined;
  } catch (cause) {
    if (cause instanceof AgentError) return undefined;
    throw cause;
  }
}

function readReply(response: IncomingMessage): Promise<AgentReply> {
  return new Promise((resolve, reject) => {
    const store = chunkStore(response.headers["content-length"], clientLimits.answerBytesMax);
    let bytes = 0;
    response.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= clientLimits.answerBytesMax) {
        // The store empties what it is given; in an application a tracer may listen too.
        store.push(response.listenerCount("data") === 1 ? chunk : Buffer.from(chunk));
        return;
      }
      const limit = `expected an answer of at most ${clientLimits.answerBytesMax} bytes`;
      response.destroy(new AgentError("PROTOCOL", `${limit}, got more`));
    });
    response.on("error", reject);
    response.on("end", () => {
      resolve({ headers: response.headers, body: store.whole() });
    });
  });
}

function closed(): AgentError {
  return new AgentError("UNREACHABLE", "expected an open client, got one that is closed");
}

/** @throws the reason of the end; where that is time, what came before it */
function refuseEnded({ aborted, reason }: AbortSignal, last: AgentError | undefined): void {
  if (!aborted) return;
  const isLate = reason instanceof AgentError && reason.code === "DEADLINE_EXCEEDED";
  throw isLate ? (last ?? reason) : reason;
}

/** It may be over in a moment: the agent, or its model, is being started. */
function isWorthAnother(error: AgentError, repeat: Question["repeat"]): boolean {
  if (repeat === "never") return false;
  if (error.code !== "UNREACHABLE") {
    return error.code === "NOT_READY" || error.code === "RUNNER_CRASH";
  }
  const code = codeOf(error.cause) ?? "";
  return repeat === "unsent" ? unheard.has(code) : code !== "EACCES";
}

/** There was no connection. */
const unheard: ReadonlySet<string> = new Set(["ENOENT", "ECONNREFUSED", "EAGAIN"]);

function nextPauseMs(pauseMs: number): number {
  return Math.min(pauseMs * 2, clientLimits.retryMsMax);
}

/** Anything else is a defect of ours. */
function asAgentError(error: unknown): AgentError {
  if (error instanceof AgentError) return error;
  throw error;
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

function asDefect(cause: unknown): Error {
  return new TypeError("expected an error", { cause });
}

/** @throws TypeError when it is no http URL: a mistake in the calling program */
function hostOf(url: string): { readonly host: string; readonly port: number } {
  const { protocol, hostname, port } = new URL(url);
  if (protocol !== "http:") throw new TypeError(`expected an http URL, got ${protocol}`);
  return { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? 80 : Number(port) };
}
