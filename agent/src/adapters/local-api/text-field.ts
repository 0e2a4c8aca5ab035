import { RequestRefused } from "../../domain/open-inference/request-refused.ts";

/**
 * A text of a small JSON body.
 *
 * @returns undefined when it is not in it
 * @throws RequestRefused FORMAT
 */
export function textField(bytes: Uint8Array, name: string, lengthMax: number): string | undefined {
  const body = parsed(bytes);
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new RequestRefused("FORMAT", "expected a JSON object as the body");
  }
  const found = Object.entries(body).find(([key]) => key === name)?.[1] as unknown;
  if (found === undefined) return undefined;
  if (typeof found === "string" && found.length <= lengthMax) return found;
  throw new RequestRefused("FORMAT", `${name}: expected a text of at most ${lengthMax} characters`);
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined; // Not JSON: refused as anything else that is no object.
  }
}
