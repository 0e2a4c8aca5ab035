import { CodedError } from "@modelfleet/protocol/errors";

/**
 * Why there is no answer.
 *
 * - of the request: `BAD_TENSOR`, `UNKNOWN_MODEL`, `FORMAT`, `NOT_FOUND`, `METHOD`, `LABELLED` (with another label), `TOO_LARGE`, `ENCODING`, `HOST`;
 * - of the moment: `OVERLOADED`, `NOT_READY`, `RUNNER_CRASH`, `DEADLINE_EXCEEDED`, `UNREACHABLE`;
 * - of the model: `RUN_FAILED`; of the agent: `STORE` (its disk does not take it), `DEFECT`, `PROTOCOL` (its answer was not understood).
 */
export type AgentErrorCode = (typeof codes)[number];

const codes = [
  "BAD_TENSOR",
  "UNKNOWN_MODEL",
  "FORMAT",
  "NOT_FOUND",
  "METHOD",
  "LABELLED",
  "TOO_LARGE",
  "ENCODING",
  "HOST",
  "OVERLOADED",
  "NOT_READY",
  "RUNNER_CRASH",
  "RUN_FAILED",
  "DEADLINE_EXCEEDED",
  "UNREACHABLE",
  "STORE",
  "PROTOCOL",
  "DEFECT",
] as const;

/** The agent did not answer, or answered with an error. */
export class AgentError extends CodedError<AgentErrorCode> {
  /** When it may be worth asking again, as far as the agent says. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: AgentErrorCode,
    message: string,
    options: ErrorOptions & { readonly retryAfterMs?: number | undefined } = {},
  ) {
    super(code, message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}

export function isAgentErrorCode(value: unknown): value is AgentErrorCode {
  return codes.some((code) => code === value);
}
