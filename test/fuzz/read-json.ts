/** What one value can be; objects are maps, so that no key means anything. */
export type JsonValue = null | boolean | number | string | JsonValue[] | Map<string, JsonValue>;

const DEPTH_MAX = 16;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them inside a string.
const STRING = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
const SPACE = /[ \t\n\r]*/y;

/**
 * Strict JSON by recursive descent (RFC 8259 with protocol.md 1.1.9), for the oracle alone: it shares nothing with
 * the reader it judges.
 *
 * @returns undefined when it is refused; a value is boxed, since null is one
 */
export function readJson(bytes: Uint8Array): { readonly value: JsonValue } | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
  // Bytes that are not UTF-8 come back as U+FFFD, so they do not encode to themselves.
  if (!Buffer.from(text, "utf8").equals(bytes)) return undefined;
  const cursor = { text, at: 0 };
  try {
    const value = readValue(cursor, 0);
    skip(cursor);
    return cursor.at === text.length ? { value } : undefined;
  } catch (error) {
    if (error instanceof Refused) return undefined;
    throw error;
  }
}

class Refused extends Error {}

type Cursor = { readonly text: string; at: number };

function readValue(cursor: Cursor, depth: number): JsonValue {
  skip(cursor);
  const char = cursor.text.charAt(cursor.at);
  if (char === "{") return readObject(cursor, depth + 1);
  if (char === "[") return readArray(cursor, depth + 1);
  if (char === '"') return readString(cursor);
  for (const [word, value] of [
    ["null", null],
    ["true", true],
    ["false", false],
  ] as const) {
    if (!cursor.text.startsWith(word, cursor.at)) continue;
    cursor.at += word.length;
    return value;
  }
  const number = Number(take(cursor, NUMBER));
  if (!Number.isFinite(number)) throw new Refused();
  return number;
}

function readObject(cursor: Cursor, depth: number): JsonValue {
  if (depth > DEPTH_MAX) throw new Refused();
  const members = new Map<string, JsonValue>();
  readList(cursor, "}", () => {
    skip(cursor);
    const key = readString(cursor);
    if (key === "__proto__" || members.has(key)) throw new Refused();
    skip(cursor);
    expect(cursor, ":");
    members.set(key, readValue(cursor, depth));
  });
  return members;
}

function readArray(cursor: Cursor, depth: number): JsonValue {
  if (depth > DEPTH_MAX) throw new Refused();
  const items: JsonValue[] = [];
  readList(cursor, "]", () => items.push(readValue(cursor, depth)));
  return items;
}

function readList(cursor: Cursor, close: string, readOne: () => void): void {
  cursor.at += 1;
  skip(cursor);
  if (cursor.text.charAt(cursor.at) === close) {
    cursor.at += 1;
    return;
  }
  for (;;) {
    readOne();
    skip(cursor);
    if (cursor.text.charAt(cursor.at) !== ",") break;
    cursor.at += 1;
  }
  expect(cursor, close);
}

function readString(cursor: Cursor): string {
  const literal = take(cursor, STRING);
  return literal.slice(1, -1).replace(/\\(u....|.)/g, (_, code: string) => {
    if (code.startsWith("u")) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    const plain: Record<string, string> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
    return plain[code] ?? code;
  });
}

function take(cursor: Cursor, form: RegExp): string {
  form.lastIndex = cursor.at;
  const found = form.exec(cursor.text)?.[0];
  if (found === undefined || found === "") throw new Refused();
  cursor.at += found.length;
  return found;
}

function skip(cursor: Cursor): void {
  SPACE.lastIndex = cursor.at;
  cursor.at += SPACE.exec(cursor.text)?.[0].length ?? 0;
}

function expect(cursor: Cursor, char: string): void {
  if (cursor.text.charAt(cursor.at) !== char) throw new Refused();
  cursor.at += 1;
}
