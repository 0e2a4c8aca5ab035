import { CodedError } from "@modelfleet/protocol";

export interface CliErrorOptions extends ErrorOptions {
  /** The controller's own code, where it was the controller that said no. */
  readonly problemCode?: string;
}

/**
 * A command that could not do its work. The message says what was expected, what came, and the way out.
 * USAGE ends with exit code 2, everything else with 1. UNREACHABLE: nobody listened. BROKEN_OFF: the connection was
 * there, and ended before the answer. NOT_DONE: the answer itself says what is missing. UNANSWERED: a person at the keyboard
 * would not say.
 */
export class CliError extends CodedError<
  | "USAGE"
  | "UNREACHABLE"
  | "BROKEN_OFF"
  | "REFUSED"
  | "BAD_ANSWER"
  | "NOT_DONE"
  | "FILE"
  | "UNANSWERED"
> {
  readonly problemCode: string | undefined;

  constructor(code: CliError["code"], message: string, options?: CliErrorOptions) {
    super(code, message, options);
    this.problemCode = options?.problemCode;
  }
}
