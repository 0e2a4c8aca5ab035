import * as z from "zod";
import { documentLimits } from "../../limits.ts";
import { readJson } from "./read-json.ts";
import { type VerifyCode, VerifyError } from "./verify-error.ts";

const CriticalNames = z.array(z.string()).max(documentLimits.criticalFieldsMax);

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
  const bytesMax = documentLimits.payloadBytesMax;
  // protocol.md 1.1.9: a counter has one spelling; 1e3 and 1.0 are refused.
  const json = readJson("payload", payload, { bytesMax, plainIntegers: true });
  checkCritical(json, Object.keys(schema.shape));
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  // A parse that failed has at least one issue, and the first says enough.
  const [issue] = parsed.error.issues as [z.core.$ZodIssue];
  const path = fieldPath(issue.path);
  throw new VerifyError(codeAt(path), `${path}: ${issue.message}`);
}

function checkCritical(json: unknown, known: readonly string[]): void {
  if (typeof json !== "object" || json === null || !("critical" in json)) return;
  const names = CriticalNames.safeParse(json.critical);
  // protocol.md 1.1.10: a document that names a field critical is refused by whoever does not know it.
  if (names.success && names.data.every((name) => known.includes(name))) return;
  throw new VerifyError("FORMAT", "critical: expected a short list of fields known here; update");
}

/** `models[0].release`, the first part being a name; at most 120 characters, since keys of a record come from outside. */
function fieldPath(path: readonly PropertyKey[]): string {
  const text = path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .slice(1, 121);
  return text === "" ? "payload" : text;
}
