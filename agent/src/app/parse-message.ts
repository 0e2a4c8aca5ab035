/** A schema of the protocol, as far as parsing needs it. */
interface Schema<T> {
  readonly safeParse: (
    value: unknown,
  ) => { readonly success: true; readonly data: T } | { readonly success: false };
}

/** An unsigned JSON message; undefined when it is not one. */
export function parseMessage<T>(schema: Schema<T>, bytes: Uint8Array): T | undefined {
  const parsed = schema.safeParse(parseJson(bytes));
  return parsed.success ? parsed.data : undefined;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined; // Not JSON: no schema takes undefined.
  }
}
