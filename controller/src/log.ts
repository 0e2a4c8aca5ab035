import { type DestinationStream, destination, type Level, pino, stdTimeFunctions } from "pino";
import type { EventLog } from "./ports/event-log.ts";

export interface ControllerLog extends EventLog {
  /** What nobody expected; the process goes down after it. */
  readonly fatal: (error: unknown) => void;
}

/** One JSON event a line; written at once, so that the last words of a process are not lost. */
export function createLog(level: Level, stream: DestinationStream = toStdout()): ControllerLog {
  const log = pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  return {
    info: (event, sentence) => log.info(event, sentence),
    warn: (event, sentence) => log.warn(event, sentence),
    error: (event, sentence) => log.error(event, sentence),
    fatal: (error) => log.fatal({ event: "controller.defect", err: error }, "the controller stops"),
  };
}

function toStdout(): DestinationStream {
  return destination({ fd: 1, sync: true });
}
