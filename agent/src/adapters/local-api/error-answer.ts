import { InferError, type InferErrorCode } from "../../domain/infer-error.ts";
import { RequestRefused } from "../../domain/open-inference/request-refused.ts";
import { type HttpAnswer, jsonAnswer } from "./http-answer.ts";

const inferStatus: Readonly<Record<InferErrorCode, number>> = {
  BAD_TENSOR: 400,
  UNKNOWN_MODEL: 404,
  OVERLOADED: 429,
  RUN_FAILED: 500,
  NOT_READY: 503,
  RUNNER_CRASH: 503,
  DEADLINE_EXCEEDED: 504,
  // Nobody is there to read it.
  WITHDRAWN: 503,
};

const requestStatus: Readonly<Record<RequestRefused["code"], number>> = {
  FORMAT: 400,
  HOST: 403,
  OWNED: 403,
  NOT_FOUND: 404,
  METHOD: 405,
  LABELLED: 409,
  TOO_LARGE: 413,
  ENCODING: 415,
  // The disk does not take it now.
  STORE: 503,
};

const RETRY_AFTER_MS = 1_000;

/**
 * The specification's error object, with the code for programs in a header of our own. A defect of ours is not told in
 * detail; the caller logs it.
 */
export function errorAnswer(error: unknown): HttpAnswer {
  if (error instanceof InferError) {
    const { code, message, retryAfterMs } = error;
    const status = inferStatus[code];
    const isTransient = status === 429 || status === 503;
    const retry = isTransient ? retryHeaders(retryAfterMs ?? RETRY_AFTER_MS) : {};
    return withHeaders(jsonAnswer(status, { error: message }), { ...named(code), ...retry });
  }
  if (error instanceof RequestRefused) {
    const { code, message } = error;
    return withHeaders(jsonAnswer(requestStatus[code], { error: message }), named(code));
  }
  const text = "expected an answer, got a defect of the agent; see its log";
  return withHeaders(jsonAnswer(500, { error: text }), named("DEFECT"));
}

function named(code: string) {
  return { "modelfleet-error": code };
}

/** `Retry-After` counts whole seconds, which is long for a queue of milliseconds. */
function retryHeaders(ms: number) {
  const seconds = Math.max(1, Math.ceil(ms / 1_000));
  return { "retry-after": String(seconds), "modelfleet-retry-after-ms": String(Math.ceil(ms)) };
}

function withHeaders(answer: HttpAnswer, headers: Readonly<Record<string, string>>): HttpAnswer {
  return { ...answer, headers: { ...answer.headers, ...headers } };
}
