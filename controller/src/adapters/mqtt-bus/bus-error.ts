import { CodedError } from "@modelfleet/protocol";

/** The broker cannot be spoken to, or sends what is no message of ours. */
export class BusError extends CodedError<"OFFLINE" | "NOT_GRANTED" | "TOO_LARGE"> {}
