import { CodedError } from "@modelfleet/protocol";

export interface InferErrorOptions extends ErrorOptions {
  /** When it is worth asking again, as far as that is known. */
  readonly retryAfterMs?: number;
}

/**
 * An inference that has no answer. BAD_TENSOR and UNKNOWN_MODEL are the caller's mistake.
 * RUN_FAILED: the model itself failed on well-formed tensors, and would again. WITHDRAWN: nobody waits for it any more. The
 * others may be repeated.
 *
 * It is made without a stack, which would tell nobody anything: taking that down costs several times what all else of
 * refusing a request does, and four of five are refused while there is five times too much to do.
 */
export class InferError extends CodedError<InferErrorCode> {
  readonly retryAfterMs: number | undefined;

  constructor(code: InferErrorCode, message: string, options: InferErrorOptions = {}) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(code, message, options);
    Error.stackTraceLimit = stackTraceLimit;
    this.retryAfterMs = options.retryAfterMs;
  }
}

export type InferErrorCode =
  | "BAD_TENSOR"
  | "UNKNOWN_MODEL"
  | "NOT_READY"
  | "OVERLOADED"
  | "DEADLINE_EXCEEDED"
  | "RUN_FAILED"
  | "RUNNER_CRASH"
  | "WITHDRAWN";
