/** The base of every expected failure: a stable code for programs, a sentence for people. */
export abstract class CodedError<Code extends string> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Something arrived that does not have the promised form. The message names the place and what was expected. */
export class FormatError extends CodedError<"FORMAT" | "SIZE"> {}

/** Whether a caught value is a coded failure (and not a defect of ours, which nobody catches). */
export function isCodedError(value: unknown): value is CodedError<string> {
  return value instanceof CodedError;
}
