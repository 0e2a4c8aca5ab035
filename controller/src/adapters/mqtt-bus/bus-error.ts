import { CodedError } from "@modelfleet/protocol";

/** The broker cannot be spoken to, or lets us hear nobody. */
export class BusError extends CodedError<"OFFLINE" | "NOT_GRANTED"> {}
