import { CodedError } from "@modelfleet/protocol";

/** A request this API does not take, for a reason of HTTP and not of inference. */
export class RequestRefused extends CodedError<
  | "FORMAT"
  | "NOT_FOUND"
  | "METHOD"
  | "TOO_LARGE"
  | "ENCODING"
  | "HOST"
  | "OWNED"
  | "STORE"
  | "LABELLED"
> {}
