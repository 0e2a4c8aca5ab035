import type { z } from "zod";
import { FormatError } from "../../errors.ts";
import { documentLimits } from "../../limits.ts";
import { parseStrictJson } from "../../strict-json.ts";
import { type VerifyCode, VerifyError } from "./verify-error.ts";

/**
 * The meaning of payload bytes whose signatures hold already.
 *
 * Unknown fields are dropped, unless the document names them in `critical`.
 * @param codeAt the code of a mismatch at this field path; FORMAT when absent
 * @throws VerifyError FORMAT naming the field, SIZE
 */
export function parsePayload<Schema extends z.ZodObject>(
  schema: Schema,
  payload: Uint8Array,
  codeAt: (path: string) => VerifyCode = () => "FORMAT",
): z.infer<Schema> {
  const json = readJson(payload);
  checkCritical(json, Object.keys(schema.shape));
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = fieldPath(issue?.path ?? []);
  throw new VerifyError(codeAt(path), `${path}: ${issue?.message ?? "expected another form"}`);
}

function readJson(payload: Uint8Array): unknown {
  try {
    return parseStrictJson(payload, {
      bytesMax: documentLimits.payloadBytesMax,
      // protocol.md 1.1.9: a counter has one spelling; 1e3 and 1.0 are refused.
      plainIntegers: true,
    });
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new VerifyError(error.code, `payload: ${error.message}`, { cause: error });
  }
}

function checkCritical(json: unknown, known: readonly string[]): void {
  if (typeof json !== "object" || json === null || !("critical" in json)) return;
  const { critical } = json;
  // protocol.md 1.1.10: a document that names a field critical is refused by whoever does not know it.
  if (!Array.isArray(critical) || critical.length > documentLimits.criticalFieldsMax) {
    throw new VerifyError("FORMAT", "critical: expected a short list of field names");
  }
  if (!critical.every((name) => typeof name === "string" && known.includes(name))) {
    throw new VerifyError("FORMAT", "critical: names a field this version does not know; update");
  }
}

/** `models[0].release`; at most 120 characters, since keys of a record come from outside. */
function fieldPath(path: readonly PropertyKey[]): string {
  const text = path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "")
    .slice(0, 120);
  return text === "" ? "payload" : text;
}
