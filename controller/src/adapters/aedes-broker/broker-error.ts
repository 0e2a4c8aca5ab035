import { CodedError } from "@modelfleet/protocol";

/** The broker does not run. */
export class BrokerError extends CodedError<"PORT_IN_USE" | "LISTEN_FAILED" | "NOT_RUNNING"> {}
