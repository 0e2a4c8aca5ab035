import { FormatError } from "./errors.ts";
import { documentLimits } from "./limits.ts";

/** How much JSON is read, and how strictly. */
export interface StrictJsonLimits {
  readonly bytesMax: number;
  /** Nested arrays and objects; 16 when absent. */
  readonly depthMax?: number;
  /** Refuse whole numbers not written in plain digits (`1e3`, `1.0`, `-0`): a counter has one spelling. */
  readonly plainIntegers?: boolean;
}

/**
 * JSON that means the same to every reader: valid UTF-8 without a byte order mark, no repeated key, no `__proto__`,
 * bounded size and depth, only finite numbers.
 *
 * @throws FormatError SIZE above `bytesMax`, FORMAT for everything else
 */
export function parseStrictJson(bytes: Uint8Array, limits: StrictJsonLimits): unknown {
  if (bytes.length > limits.bytesMax) {
    throw new FormatError("SIZE", `expected JSON ≤ ${limits.bytesMax} bytes, got ${bytes.length}`);
  }
  const text = decodeUtf8(bytes);
  const value = parseText(text);
  // The grammar is proven by now, so the scan below only has to tell strings, numbers and brackets apart.
  checkMembers(text, limits);
  return value;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Uint8Array): string {
  try {
    const text = utf8.decode(bytes);
    if (!text.startsWith("\uFEFF")) return text;
  } catch (cause) {
    throw new FormatError("FORMAT", "expected JSON in UTF-8, got bytes that are not UTF-8", {
      cause,
    });
  }
  throw new FormatError("FORMAT", "expected JSON without a byte order mark, got one");
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The engine's message quotes the input, so it is not passed on.
    throw new FormatError("FORMAT", `expected JSON, got ${text.length} characters that are not`);
  }
}

const NUMBER = /[\d.eE+-]+/y;

/** Walks text already proven to be JSON and looks at its keys, numbers and depth. */
function checkMembers(text: string, limits: StrictJsonLimits): void {
  const depthMax = limits.depthMax ?? documentLimits.jsonDepthMax;
  const keys: Set<string>[] = [];
  for (let at = 0; at < text.length; ) {
    const char = text.charAt(at);
    const end = endOfToken(text, at);
    if (char === '"' && isKey(text, end)) addKey(keys.at(-1), text.slice(at, end));
    if (isNumberStart(char)) checkNumber(text.slice(at, end), limits.plainIntegers ?? false);
    if (char === "]" || char === "}") keys.pop();
    if ((char === "[" || char === "{") && keys.push(new Set()) > depthMax) {
      throw new FormatError("FORMAT", `expected JSON at most ${depthMax} levels deep, got more`);
    }
    at = end;
  }
}

function endOfToken(text: string, at: number): number {
  const char = text.charAt(at);
  if (char === '"') return endOfString(text, at);
  if (!isNumberStart(char)) return at + 1;
  NUMBER.lastIndex = at;
  NUMBER.test(text);
  return NUMBER.lastIndex;
}

function isNumberStart(char: string): boolean {
  return char === "-" || (char >= "0" && char <= "9");
}

function endOfString(text: string, start: number): number {
  let quote = text.indexOf('"', start + 1);
  while (isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  return quote + 1;
}

/** A quote is escaped when an odd number of backslashes stands before it. */
function isEscaped(text: string, quote: number): boolean {
  let first = quote;
  while (text.charAt(first - 1) === "\\") first -= 1;
  return (quote - first) % 2 === 1;
}

function isKey(text: string, end: number): boolean {
  let at = end;
  while (" \t\n\r".includes(text.charAt(at)) && at < text.length) at += 1;
  return text.charAt(at) === ":";
}

function addKey(keys: Set<string> | undefined, literal: string): void {
  const key = literal.includes("\\") ? String(JSON.parse(literal)) : literal.slice(1, -1);
  if (key === "__proto__") throw new FormatError("FORMAT", "expected no key named __proto__");
  if (keys?.has(key)) {
    throw new FormatError("FORMAT", `expected each key once, got "${key.slice(0, 64)}" twice`);
  }
  keys?.add(key);
}

function checkNumber(literal: string, plainIntegers: boolean): void {
  const value = Number(literal);
  if (!Number.isFinite(value)) {
    throw new FormatError("FORMAT", "expected a number a double can hold, got a larger one");
  }
  if (plainIntegers && Number.isInteger(value) && !/^(0|-?[1-9]\d*)$/.test(literal)) {
    throw new FormatError("FORMAT", "expected a whole number in plain digits, got another form");
  }
}
