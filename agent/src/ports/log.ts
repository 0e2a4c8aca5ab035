/** Events for operators' machines; `event` is a stable dotted name, the text is for people (style: edges). */
export interface Log {
  readonly info: (event: LogEvent, text: string) => void;
  readonly warn: (event: LogEvent, text: string) => void;
  readonly error: (event: LogEvent, text: string) => void;
}

export type LogEvent = { readonly event: string } & Readonly<Record<string, unknown>>;
