import { CodedError } from "@modelfleet/protocol";

/**
 * A command that could not do its work. The message says what was expected, what came, and the way out.
 * USAGE ends with exit code 2, everything else with 1.
 */
export class CliError extends CodedError<
  "USAGE" | "UNREACHABLE" | "REFUSED" | "BAD_ANSWER" | "NOT_DONE" | "TIMEOUT" | "FILE"
> {}
