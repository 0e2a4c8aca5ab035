import { FormatError } from "../../errors.ts";
import { parseStrictJson, type StrictJsonLimits } from "../../strict-json.ts";
import { VerifyError } from "./verify-error.ts";

/**
 * Strict JSON of a signed thing (protocol.md 1.1.9); its size is capped before anything is parsed.
 *
 * @param what begins the message of a refusal: `envelope`, `payload`
 * @throws VerifyError SIZE, FORMAT
 */
export function readJson(what: string, bytes: Uint8Array, limits: StrictJsonLimits): unknown {
  try {
    return parseStrictJson(bytes, limits);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new VerifyError(error.code, `${what}: ${error.message}`, { cause: error });
  }
}
