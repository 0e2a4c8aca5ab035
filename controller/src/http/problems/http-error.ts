import { CodedError, type Problem } from "@modelfleet/protocol";

/** A request that is refused before any use case sees it. */
export class HttpError extends CodedError<
  | "REQUEST_INVALID"
  | "OPERATOR_KEY_REQUIRED"
  | "DEVICE_LOGIN_REQUIRED"
  | "FOREIGN_ORIGIN"
  | "UPLOAD_EXPECTED"
  | "UPLOAD_BROKEN"
  | "RANGE_NOT_SATISFIABLE"
  | "DOWNLOADS_TOO_MANY"
  | "ENROLMENTS_TOO_MANY"
  | "ROOT_UNKNOWN"
  | "NOT_READY"
> {}

/** A body, query or path that does not have the promised form; each error points to its place. */
export class RequestInvalid extends HttpError {
  readonly errors: NonNullable<Problem["errors"]>;

  constructor(errors: NonNullable<Problem["errors"]>) {
    const first = errors[0];
    super(
      "REQUEST_INVALID",
      first === undefined
        ? "expected another request"
        : `${first.pointer || "the request"}: ${first.detail}`,
    );
    this.errors = errors;
  }
}
