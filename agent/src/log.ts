import { type DestinationStream, pino, stdTimeFunctions } from "pino";
import type { Log } from "./ports/log.ts";

/** One JSON event a line, in the controller's form: level by name, time as ISO 8601. */
export function createLog(destination: DestinationStream): Log {
  const lines = pino(
    {
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  return {
    info: (event, text) => lines.info(event, text),
    warn: (event, text) => lines.warn(event, text),
    error: (event, text) => lines.error(event, text),
  };
}
