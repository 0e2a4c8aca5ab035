import { FormatError, parseStrictJson } from "@modelfleet/protocol";
import { PublishError } from "../../domain/errors.ts";

/** What every schema of the protocol offers; `app` needs no more of its library. */
export interface Schema<T> {
  readonly safeParse: (value: unknown) => SchemaAnswer<T>;
}

type SchemaAnswer<T> =
  | { readonly success: true; readonly data: T }
  | {
      readonly success: false;
      readonly error: { readonly issues: readonly { path: PropertyKey[]; message: string }[] };
    };

export interface JsonFile<T> {
  readonly name: string;
  readonly schema: Schema<T>;
  readonly bytesMax: number;
  readonly code: "MANIFEST" | "GOLDEN" | "PROFILE";
}

/** A JSON file of an upload. @throws PublishError with the file's code, naming the field */
export function readJson<T>(bytes: Uint8Array, file: JsonFile<T>): T {
  const parsed = file.schema.safeParse(parse(bytes, file));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.map(String).join(".") ?? "";
  throw new PublishError(
    file.code,
    `${file.name}${field && `, field ${field}`}: ${issue?.message ?? "expected another form"}`,
  );
}

function parse<T>(bytes: Uint8Array, { name, bytesMax, code }: JsonFile<T>): unknown {
  try {
    return parseStrictJson(bytes, { bytesMax });
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new PublishError(code, `${name}: ${cause.message}`, { cause });
  }
}
