import { CodedError } from "@modelfleet/protocol";

/**
 * An inference that has no answer. BAD_TENSOR and UNKNOWN_MODEL are the caller's mistake.
 * RUN_FAILED: the model itself failed on well-formed tensors, and would again. The others may be repeated.
 */
export class InferError extends CodedError<InferErrorCode> {}

export type InferErrorCode =
  | "BAD_TENSOR"
  | "UNKNOWN_MODEL"
  | "NOT_READY"
  | "OVERLOADED"
  | "DEADLINE_EXCEEDED"
  | "RUN_FAILED"
  | "RUNNER_CRASH";
