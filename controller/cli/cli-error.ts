import { CodedError, type Problem } from "@modelfleet/protocol";

export interface CliErrorOptions extends ErrorOptions {
  /** The controller's own code, where it was the controller that said no. */
  readonly problemCode?: string;
  /** HTTP status of the answer, where there was one. */
  readonly status?: number;
  /** Where the controller found fault, as JSON pointers into what it was sent. */
  readonly places?: Problem["errors"];
}

/**
 * A command that could not do its work. The message says what was expected, what came, and the way out.
 * How each ends the program: `exitCodeOf`. UNREACHABLE: nobody listened. BROKEN_OFF: the connection was
 * there, and ended before the answer. PLAN_INVALID: the file is there, and is
 * no plan; the controller says the same of plans. UNANSWERED: a person at the keyboard would not say. Of these the answer was
 * printed and says more: NOT_DONE, something is missing; ENDED_OTHERWISE, a rollout was aborted or rolled back; TIMED_OUT and
 * INTERRUPTED, it goes on without the command.
 */
export class CliError extends CodedError<
  | "USAGE"
  | "UNREACHABLE"
  | "BROKEN_OFF"
  | "REFUSED"
  | "BAD_ANSWER"
  | "NOT_DONE"
  | "FILE"
  | "PLAN_INVALID"
  | "UNANSWERED"
  | "ENDED_OTHERWISE"
  | "TIMED_OUT"
  | "INTERRUPTED"
> {
  readonly problemCode: string | undefined;
  readonly status: number | undefined;
  readonly places: NonNullable<Problem["errors"]>;

  constructor(code: CliError["code"], message: string, options?: CliErrorOptions) {
    super(code, message, options);
    this.problemCode = options?.problemCode;
    this.status = options?.status;
    this.places = options?.places ?? [];
  }
}
