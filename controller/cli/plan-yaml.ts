import { FormatError, parseDuration } from "@modelfleet/protocol";
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";

/** A line and a column, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A file that is no YAML, or has what a plan does not need. */
export class YamlFault extends Error {
  readonly place: Place;

  constructor(message: string, place: Place) {
    super(message);
    this.name = "YamlFault";
    this.place = place;
  }
}

export interface PlainYaml {
  readonly value: unknown;
  /** Where a member stands, or the nearest thing around it, by its JSON pointer. */
  readonly placeOf: (pointer: string) => Place;
}

/** Lengths of time as people write them, `bake: 10m`, and the members they become. */
export const durationKeys: ReadonlyMap<string, string> = new Map([
  ["backoff", "backoffMs"],
  ["backoffMax", "backoffMsMax"],
  ["bake", "bakeMs"],
  ["box", "boxMs"],
  ["deadline", "deadlineMs"],
  ["deferMax", "deferMsMax"],
  ["duration", "durationMs"],
  ["execution", "executionMs"],
  ["offer", "offerMs"],
  ["step", "stepMs"],
  ["watch", "watchMs"],
  ["within", "withinMs"],
]);

/**
 * YAML 1.2, core schema, one document, as plain values; JSON is YAML too. Durations become milliseconds. No alias, no tag
 * and no directive: a plan is what it looks like, and a short file stays a small value.
 *
 * @param durations members that are lengths of time, and what they become
 * @throws YamlFault with the place of what is wrong first
 */
export function plainYaml(
  text: string,
  durations: ReadonlyMap<string, string> = durationKeys,
): PlainYaml {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    version: "1.2",
    schema: "core",
    stringKeys: true,
    prettyErrors: false,
    lineCounter: lines,
  });
  const reading: Reading = {
    places: new Map(),
    placeAt: (offset) => placeAt(lines, offset),
    durations,
  };
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) throw new YamlFault(fault.message, reading.placeAt(fault.pos[0]));
  if (document.directives.yaml.explicit === true) {
    throw new YamlFault("expected no %YAML directive: plans are YAML 1.2", { line: 1, column: 1 });
  }
  const value = plainOf(reading, document.contents, "");
  return { value, placeOf: (pointer) => nearestPlace(reading.places, pointer) };
}

interface Reading {
  readonly places: Map<string, Place>;
  readonly placeAt: (offset: number) => Place;
  readonly durations: ReadonlyMap<string, string>;
}

/** The library keeps the depth within its own bound. */
function plainOf(reading: Reading, node: Node | null, pointer: string): unknown {
  const place = reading.placeAt(node?.range?.[0] ?? 0);
  if (!reading.places.has(pointer)) reading.places.set(pointer, place);
  if (isAlias(node)) throw new YamlFault("expected the value itself, not an alias (*)", place);
  if (isSeq<Node | null>(node)) {
    return node.items.map((item, index) => plainOf(reading, item, `${pointer}/${index}`));
  }
  if (isMap<Node, Node | null>(node)) {
    const members = node.items.map(({ key, value }) => memberOf(reading, { key, value, pointer }));
    return plainObject(members);
  }
  return isScalar(node) ? node.value : null;
}

interface Member {
  readonly name: string;
  readonly value: unknown;
  readonly place: Place;
}

function memberOf(
  reading: Reading,
  {
    key,
    value,
    pointer,
  }: { readonly key: Node; readonly value: Node | null; readonly pointer: string },
): Member {
  const place = reading.placeAt(key.range?.[0] ?? 0);
  const written = isScalar(key) ? String(key.value) : "";
  const name = reading.durations.get(written) ?? written;
  const inner = `${pointer}/${escaped(name)}`;
  // The key is where an error is looked for first.
  reading.places.set(inner, place);
  const plain = plainOf(reading, value, inner);
  return { name, value: name === written ? plain : durationOf(written, plain, place), place };
}

function durationOf(key: string, value: unknown, place: Place): number {
  const expected = `${key}: expected a duration like 90s, 30m, 24h or 7d`;
  if (typeof value !== "string") throw new YamlFault(`${expected}, got ${String(value)}`, place);
  try {
    return parseDuration(value);
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    throw new YamlFault(`${expected}, got "${value.slice(0, 32)}"`, place);
  }
}

/** `bake` and `bakeMs` are one member. */
function plainObject(members: readonly Member[]): unknown {
  const names = new Set<string>();
  for (const { name, place } of members) {
    if (names.has(name)) throw new YamlFault(`expected ${name} once, got it twice`, place);
    names.add(name);
  }
  return Object.fromEntries(members.map(({ name, value }) => [name, value]));
}

function nearestPlace(places: ReadonlyMap<string, Place>, pointer: string): Place {
  for (let around = pointer; around !== ""; around = around.slice(0, around.lastIndexOf("/"))) {
    const place = places.get(around);
    if (place !== undefined) return place;
  }
  return places.get("") ?? { line: 1, column: 1 };
}

function placeAt(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

/** A member's name in a JSON pointer (RFC 6901). */
export function escaped(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}
