import type { EventLog, LogEvent } from "../../../controller/src/ports/event-log.ts";

export type RecordedEvent = LogEvent & { readonly level: "info" | "warn" | "error" };

/** An event log that keeps what it was told, for asserting on. */
export function recordingLog(): EventLog & { readonly events: readonly RecordedEvent[] } {
  const events: RecordedEvent[] = [];
  const record = (level: RecordedEvent["level"]) => (event: LogEvent) => {
    events.push({ ...event, level });
  };
  return { events, info: record("info"), warn: record("warn"), error: record("error") };
}
