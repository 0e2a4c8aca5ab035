import { CodedError } from "@modelfleet/protocol";

/** The message did not reach the broker; what matters is in the outbox and will be sent again. */
export class BusError extends CodedError<"OFFLINE" | "TOO_LARGE" | "BUSY"> {}
