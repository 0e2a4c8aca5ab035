import type { Random } from "../support/random.ts";
import { type Prepared, pick } from "./prepared.ts";

/** The bytes of a payload, and whether the way they are written breaks a rule. */
export interface Written {
  readonly story: string;
  readonly breaks: boolean;
  readonly payload: Buffer;
}

type Rewrite = readonly [
  story: string,
  breaks: boolean,
  write: (prepared: Prepared, random: Random) => Buffer | string | object,
];

/** A document as a sender writes it. */
export function plainPayload({ document }: Prepared): Written {
  return { story: "plain", breaks: false, payload: encode(document) };
}

/** The same written in another way: one that means the same, or one that no reader may take. */
export function oddPayload(prepared: Prepared, random: Random): Written {
  const [story, breaks, write] = pick(random, rewrites);
  return { story, breaks, payload: encode(write(prepared, random)) };
}

const PAYLOAD_BYTES_MAX = 15_000;

const harmless: readonly Rewrite[] = [
  ["indented", false, ({ document }) => JSON.stringify(document, null, 1)],
  ["spaced", false, ({ document }) => ` \t\r\n${JSON.stringify(document)} \n`],
  ["members shuffled", false, ({ document }, random) => shuffled(document, random)],
  [
    "a letter escaped",
    false,
    ({ document }, random) => escapeOne(JSON.stringify(document), random),
  ],
  [
    "an unknown member",
    false,
    ({ document }) => ({ "x-any": [{ a: null }, 0.5, -7], ...document }),
  ],
  ["an inherited name", false, ({ document }) => ({ ...document, constructor: 1, toString: {} })],
  ["an unknown member inside", false, addInside],
  ["nothing critical", false, ({ document }) => ({ ...document, critical: [] })],
  ["known names critical", false, ({ document }) => ({ ...document, critical: ["spec", "type"] })],
  ["16 levels deep", false, ({ document }) => add(document, `${"[".repeat(15)}${"]".repeat(15)}`)],
  ["a whole number above 2^53", false, ({ document }) => add(document, "9007199254740993")],
  ["exactly 15,000 bytes", false, ({ document }) => filled(document, PAYLOAD_BYTES_MAX)],
];

const broken: readonly Rewrite[] = [
  ["a member removed", true, removeOne],
  ["a member of another type", true, retypeOne],
  ["a member of another type", true, retypeOne],
  ["a member twice", true, ({ document }, random) => twice(document, random, (key) => key)],
  [
    "a member twice, once escaped",
    true,
    ({ document }, random) => twice(document, random, escaped),
  ],
  ["__proto__", true, ({ document }) => add(document, "{}", "__proto__")],
  ["__proto__ escaped", true, ({ document }) => add(document, "{}", "\\u005f_proto__")],
  ["a byte order mark", true, ({ document }) => `\uFEFF${JSON.stringify(document)}`],
  ["text behind it", true, ({ document }) => `${JSON.stringify(document)}x`],
  ["a second document behind it", true, ({ document }) => JSON.stringify(document).repeat(2)],
  ["cut off", true, ({ document }, random) => cut(JSON.stringify(document), random)],
  ["a trailing comma", true, ({ document }) => JSON.stringify(document).replace(/}$/, ",}")],
  ["a comment", true, ({ document }) => `${JSON.stringify(document)}//`],
  ["single quotes", true, ({ document }) => JSON.stringify(document).replaceAll('"', "'")],
  ["in a list", true, ({ document }) => JSON.stringify([document])],
  ["no object", true, (_, random) => pick(random, ["null", "[]", "7", '"x"', "true", ""])],
  ["bytes that are not UTF-8", true, ({ document }, random) => notUtf8(document, random)],
  ["a control character in a string", true, ({ document }) => add(document, '"\u0000"')],
  ["17 levels deep", true, ({ document }) => add(document, `${"[".repeat(16)}${"]".repeat(16)}`)],
  ["a whole number written oddly", true, oddNumber],
  ["a number above all doubles", true, ({ document }) => add(document, "1e400")],
  ["no number", true, ({ document }) => add(document, "NaN")],
  ["15,001 bytes", true, ({ document }) => filled(document, PAYLOAD_BYTES_MAX + 1)],
  [
    "an unknown name critical",
    true,
    ({ document }) => ({ ...document, critical: ["spec", "x-any"] }),
  ],
  [
    "17 names critical",
    true,
    ({ document }) => ({ ...document, critical: Array(17).fill("spec") }),
  ],
  ["critical in text", true, ({ document }) => ({ ...document, critical: "spec" })],
  ["a number critical", true, ({ document }) => ({ ...document, critical: [0] })],
];

const rewrites = [...harmless, ...harmless, ...broken];

function encode(written: Buffer | string | object): Buffer {
  if (Buffer.isBuffer(written)) return written;
  return Buffer.from(typeof written === "string" ? written : JSON.stringify(written));
}

function shuffled(document: object, random: Random): object {
  return Object.fromEntries(random.shuffled(Object.entries(document)));
}

/** The first letter of any string or key, written as an escape: it means the same. */
function escapeOne(text: string, random: Random): string {
  const starts = [...text.matchAll(/"[a-z]/g)].map(({ index }) => index + 1);
  const at = pick(random, starts);
  return `${text.slice(0, at)}${escaped(text.charAt(at))}${text.slice(at + 1)}`;
}

function escaped(text: string): string {
  return `\\u${text.charCodeAt(0).toString(16).padStart(4, "0")}${text.slice(1)}`;
}

function addInside({ document, spots }: Prepared, random: Random): object {
  if (spots.length === 0) return document;
  const spot = pick(random, spots);
  const inside: unknown = Object.entries(document).find(([key]) => key === spot)?.[1];
  if (typeof inside !== "object" || inside === null || Array.isArray(inside)) return document;
  return { ...document, [spot]: { ...inside, "x-any": 1 } };
}

function add(document: object, literal: string, key = "x-any"): string {
  return JSON.stringify(document).replace(/}$/, () => `,"${key}":${literal}}`);
}

function filled(document: object, bytes: number): string {
  const missing = bytes - Buffer.byteLength(add(document, '""'));
  return add(document, JSON.stringify("x".repeat(Math.max(0, missing))));
}

function removeOne({ document, optional }: Prepared, random: Random): object {
  const gone = pick(
    random,
    keysOf(document).filter((key) => !optional.includes(key)),
  );
  return Object.fromEntries(Object.entries(document).filter(([key]) => key !== gone));
}

/** A value of another JSON type than the one that stands there; never one that any schema could take instead. */
function retypeOne({ document }: Prepared, random: Random): object {
  const key = pick(random, keysOf(document));
  const value: unknown = Object.entries(document).find(([name]) => name === key)?.[1];
  const others = [null, true, 0.5, "", [[]], { "0": 1 }, "5"].filter(
    (other) => kindOf(other) !== kindOf(value) || typeof value === "number",
  );
  return { ...document, [key]: pick(random, others) };
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function twice(document: object, random: Random, spell: (key: string) => string): string {
  const key = pick(random, keysOf(document));
  const value: unknown = Object.entries(document).find(([name]) => name === key)?.[1];
  return add(document, JSON.stringify(value), spell(key));
}

function cut(text: string, random: Random): string {
  return text.slice(0, random.below(text.length));
}

function notUtf8(document: object, random: Random): Buffer {
  const bytes = encode(add(document, '"*"'));
  const at = bytes.indexOf('"*"') + 1;
  const bad = pick(random, [[0xff], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xe2, 0x82]]);
  return Buffer.concat([bytes.subarray(0, at), Buffer.from(bad), bytes.subarray(at + 1)]);
}

function oddNumber({ document }: Prepared, random: Random): string {
  return add(document, pick(random, ["1e3", "1.0", "-0", "1E0", "10e-1", "-0.0", "1.5e3"]));
}

function keysOf(document: object): string[] {
  return Object.entries(document)
    .filter(([, value]) => value !== undefined)
    .map(([key]) => key);
}
