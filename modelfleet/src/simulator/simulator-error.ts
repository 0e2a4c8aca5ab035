import { CodedError } from "@modelfleet/protocol";

/** The simulation cannot begin or go on. The message says what was expected and what came. */
export class SimulatorError extends CodedError<"OPTION" | "TIMEOUT" | "FLEET" | "API"> {}
