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
  | "STREAMS_TOO_MANY"
  | "ENROLMENTS_TOO_MANY"
  | "REQUESTS_TOO_MANY"
  | "LOGINS_TOO_MANY"
  | "ROOT_UNKNOWN"
  | "NOT_READY"
> {}

/** Too often; `retryAfterMs` says when it would have been in time. */
export class TooManyError extends HttpError {
  readonly retryAfterMs: number;

  constructor(
    code: "ENROLMENTS_TOO_MANY" | "REQUESTS_TOO_MANY" | "LOGINS_TOO_MANY",
    { expected, retryAfterMs }: { readonly expected: string; readonly retryAfterMs: number },
  ) {
    super(code, `expected ${expected}: try again later`);
    this.retryAfterMs = retryAfterMs;
  }
}

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
