/** An answer before it is written: a JSON text, or bytes with their own headers. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: readonly Uint8Array[];
}

export function jsonAnswer(status: number, value: unknown): HttpAnswer {
  return textAnswer(status, JSON.stringify(value));
}

export function textAnswer(status: number, json: string): HttpAnswer {
  return { status, headers: { "content-type": "application/json" }, body: [Buffer.from(json)] };
}
