import { CodedError } from "@modelfleet/protocol";

/** What was carried here cannot be taken, or did not become what runs. */
export class ExchangeError extends CodedError<"BUNDLE" | "NOT_TAKEN" | "NOT_INSTALLED"> {}
