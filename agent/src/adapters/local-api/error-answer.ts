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
};

const requestStatus: Readonly<Record<RequestRefused["code"], number>> = {
  FORMAT: 400,
  HOST: 403,
  NOT_FOUND: 404,
  METHOD: 405,
  TOO_LARGE: 413,
  ENCODING: 415,
};

const RETRY_AFTER_SECONDS = "1";

/** The specification's error object. A defect of ours is not told in detail; the caller logs it. */
export function errorAnswer(error: unknown): HttpAnswer {
  if (error instanceof InferError) {
    const answer = jsonAnswer(inferStatus[error.code], { error: error.message });
    const isTransient = answer.status === 429 || answer.status === 503;
    if (!isTransient) return answer;
    return { ...answer, headers: { ...answer.headers, "retry-after": RETRY_AFTER_SECONDS } };
  }
  if (error instanceof RequestRefused) {
    return jsonAnswer(requestStatus[error.code], { error: error.message });
  }
  return jsonAnswer(500, { error: "expected an answer, got a defect of the agent; see its log" });
}
