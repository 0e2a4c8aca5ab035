import type { CodedError } from "@modelfleet/protocol";

/**
 * 0 done, 1 not done, 2 called wrongly, 3 no such thing, 4 not let in or not permitted, 5 refused by a rule, 6 a rollout
 * was aborted or rolled back, 7 it took too long, 130 interrupted.
 */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 130;

/** By the controller's own code where it was the controller that said no. All others: 1. */
const codes: Readonly<Record<string, ExitCode>> = {
  USAGE: 2,
  CONFIG: 2,
  REQUEST_INVALID: 2,
  PLAN_INVALID: 2,
  SELECTOR_INVALID: 2,

  ALERT_UNKNOWN: 3,
  API_KEY_UNKNOWN: 3,
  CLAIM_UNKNOWN: 3,
  COHORT_UNKNOWN: 3,
  DEPLOYMENT_UNKNOWN: 3,
  DEVICE_UNKNOWN: 3,
  MAINTENANCE_UNKNOWN: 3,
  MODEL_UNKNOWN: 3,
  RELEASE_UNKNOWN: 3,
  ROLLOUT_UNKNOWN: 3,
  WEBHOOK_UNKNOWN: 3,
  DELIVERY_UNKNOWN: 3,

  FOREIGN_ORIGIN: 4,
  NOT_PERMITTED: 4,
  OPERATOR_KEY_REQUIRED: 4,
  SECOND_PERSON_REQUIRED: 4,

  ALERT_STATE: 5,
  AWAITING_APPROVAL: 5,
  CONFLICT: 5,
  KEY_REUSED: 5,
  LEARNING_ITEMS: 5,
  LEARNING_NOTHING: 5,
  LEARNING_PRIVACY: 5,
  LEARNING_PROFILE: 5,
  LEARNING_WINDOWS: 5,
  MAINTENANCE_TIME: 5,
  MAINTENANCE_TOO_MUCH: 5,
  POISONED: 5,
  ROLLOUT_STATE: 5,
  SELECTION_EMPTY: 5,
  STALE: 5,
  TARGET_EMPTY: 5,
  WEBHOOK_ADDRESS: 5,

  ENDED_OTHERWISE: 6,
  TIMED_OUT: 7,
  INTERRUPTED: 130,
};

export function exitCodeOf(error: CodedError<string>): ExitCode {
  const code = problemCodeOf(error) ?? error.code;
  return Object.hasOwn(codes, code) ? (codes[code] ?? 1) : 1;
}

/** The command has printed what there is, and the error only says why that is not all. */
export function isAnswered({ code }: CodedError<string>): boolean {
  return ["NOT_DONE", "ENDED_OTHERWISE", "TIMED_OUT", "INTERRUPTED"].includes(code);
}

export function problemCodeOf(error: CodedError<string>): string | undefined {
  const problemCode = "problemCode" in error ? error.problemCode : undefined;
  return typeof problemCode === "string" ? problemCode : undefined;
}
