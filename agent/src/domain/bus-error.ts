import { CodedError } from "@modelfleet/protocol";

/** UNASKED is what a broker sends against the protocol. In all other cases the message did not reach the broker; what matters is in the outbox and will be sent again. */
export class BusError extends CodedError<"OFFLINE" | "TOO_LARGE" | "BUSY" | "UNASKED"> {}
