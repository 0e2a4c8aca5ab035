import { CodedError } from "@modelfleet/protocol";

/** The broker could not begin; nothing was changed. */
export class BrokerError extends CodedError<"PORT_IN_USE" | "LISTEN_FAILED"> {}
