import { CodedError } from "@modelfleet/protocol";

/** An inference that has no answer. BAD_TENSOR is the caller's mistake; the others are ours and may be repeated. */
export class InferError extends CodedError<
  "BAD_TENSOR" | "UNKNOWN_MODEL" | "NOT_READY" | "OVERLOADED" | "DEADLINE_EXCEEDED" | "RUNNER_CRASH"
> {}
