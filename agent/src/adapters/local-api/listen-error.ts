import { CodedError } from "@modelfleet/protocol";

/** The local API cannot listen where it was told to; the message says why and the way out. */
export class ListenError extends CodedError<
  "IN_USE" | "NOT_A_SOCKET" | "PATH_TOO_LONG" | "UNAVAILABLE"
> {}
