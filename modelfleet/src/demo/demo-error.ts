import { CodedError } from "@modelfleet/protocol";

/** The demo cannot go on. The message says what was expected, what came, and what the program said last. */
export class DemoError extends CodedError<
  "PROGRAM_ENDED" | "TIMEOUT" | "COMMAND_FAILED" | "STORY" | "INTERRUPTED"
> {}
