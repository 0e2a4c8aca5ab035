import { CodedError } from "@modelfleet/protocol";

/** Told wrongly how to start; nothing was begun. */
export class ConfigError extends CodedError<"CONFIG"> {}
