import type { LocalPayload } from "@modelfleet/protocol";
import { RequestRefused } from "../open-inference/request-refused.ts";

/** Elements of a tensor in row-major order; what each must be says the tensor's element type. */
export type Elements = Float32Array | readonly (number | boolean | string)[];

/** Deeper arrays are no tensor. */
const DEPTH_MAX = 16;
/** The longest whole number of 64 bits, and the words for what JSON has no number for. */
const TEXT_CHARACTERS_MAX = 24;
const FLOAT_BYTES = 4;

/**
 * The elements that a message of an input topic brings.
 *
 * @throws RequestRefused FORMAT naming the first place that does not fit
 */
export function readPayload(payload: LocalPayload, bytes: Uint8Array): Elements {
  switch (payload.form) {
    case "float32":
      return readFloats(bytes);
    case "json":
      return flatten(parseJson(bytes)).map((value, i) => elementOf(value, `element ${i}`));
    case "fields": {
      const message = parseJson(bytes);
      return payload.fields.map((path) => elementOf(valueAt(message, path), `field ${path}`));
    }
  }
}

function readFloats(bytes: Uint8Array): Float32Array {
  if (bytes.length === 0 || bytes.length % FLOAT_BYTES !== 0) {
    throw refused(`expected 32-bit floats, so a multiple of 4 bytes, got ${bytes.length}`);
  }
  // A copy: it is aligned, and does not keep the packet that it came in.
  return new Float32Array(Uint8Array.from(bytes).buffer);
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw refused(`expected JSON, got ${bytes.length} bytes that are not`, cause);
  }
}

function flatten(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) return [value];
  const elements: unknown[] = value.flat(DEPTH_MAX - 1);
  if (elements.length > 0) return elements;
  throw refused("expected a number or an array of numbers, got an empty one");
}

/** Only what the message itself has: no name that every object inherits. */
function valueAt(message: unknown, path: string): unknown {
  let value = message;
  for (const key of path.split(".")) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

function elementOf(value: unknown, place: string): number | boolean | string {
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (typeof value === "string" && value.length <= TEXT_CHARACTERS_MAX) return value;
  const came = value === undefined ? "nothing" : Array.isArray(value) ? "an array" : typeof value;
  throw refused(`${place}: expected a number, got ${value === null ? "null" : came}`);
}

function refused(text: string, cause?: unknown): RequestRefused {
  return new RequestRefused("FORMAT", `message: ${text}`, { cause });
}
