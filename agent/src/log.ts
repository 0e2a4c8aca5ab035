import { type DestinationStream, pino } from "pino";
import type { Log } from "./ports/log.ts";

/** One JSON event a line. */
export function createLog(destination: DestinationStream): Log {
  const lines = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
  return {
    info: (event, text) => lines.info(event, text),
    warn: (event, text) => lines.warn(event, text),
    error: (event, text) => lines.error(event, text),
  };
}
