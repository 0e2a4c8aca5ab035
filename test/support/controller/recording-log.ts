import type { EventLog, LogEvent } from "../../../controller/src/ports/event-log.ts";

/** Keeps events by level. */
export class RecordingLog implements EventLog {
  readonly events: (LogEvent & { readonly level: string })[] = [];

  readonly info = (event: LogEvent): void => void this.events.push({ ...event, level: "info" });
  readonly warn = (event: LogEvent): void => void this.events.push({ ...event, level: "warn" });
  readonly error = (event: LogEvent): void => void this.events.push({ ...event, level: "error" });

  named(name: string): readonly LogEvent[] {
    return this.events.filter(({ event }) => event === name);
  }
}
