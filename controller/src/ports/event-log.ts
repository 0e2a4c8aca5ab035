/** Events for the people who run the fleet: a stable name, plain fields, one sentence. Never a secret, never a payload. */
export interface EventLog {
  readonly info: (event: LogEvent, sentence: string) => void;
  readonly warn: (event: LogEvent, sentence: string) => void;
  readonly error: (event: LogEvent, sentence: string) => void;
}

export interface LogEvent {
  /** `noun.happened`, like `device.enrolled`. */
  readonly event: string;
  readonly [field: string]: string | number | boolean | null | undefined;
}
