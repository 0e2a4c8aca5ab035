import type * as z from "zod";
import { membersOf } from "./schema-members.ts";

/** What is wrong at one place of a value, in words of ours. */
export interface SchemaFault {
  readonly path: readonly PropertyKey[];
  /** `expected …, got …`; no place, and no more of the value than a short word where no text was expected. */
  readonly reason: string;
}

export interface FaultyValue {
  /** What was held against a schema. */
  readonly value: unknown;
  /** The schema; then a member that it does not know is told with those it does. */
  readonly schema?: z.core.$ZodType;
}

type Issue = z.core.$ZodIssue;

/** What a value was held against; everything of the protocol that has a form is one. */
export type Schema<T> = z.ZodType<T>;

export type SchemaAnswer<T> =
  | { readonly kind: "fits"; readonly value: T }
  | { readonly kind: "unfit"; readonly faults: readonly SchemaFault[] };

/** Holds a value from outside against a schema. */
export function checkAgainst<T>(schema: Schema<T>, value: unknown): SchemaAnswer<T> {
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return { kind: "fits", value: parsed.data };
  return { kind: "unfit", faults: schemaFaults(parsed.error.issues, { value, schema }) };
}

const FAULTS_TOLD = 3;

/** The first faults in one line, each with its place: `/outputs/0/classes: expected …, got …`. */
export function faultLine(faults: readonly SchemaFault[]): string {
  const told = faults
    .slice(0, FAULTS_TOLD)
    .map(({ path, reason }) => (path.length === 0 ? reason : `${jsonPointer(path)}: ${reason}`));
  const more = faults.length - told.length;
  return [...told, ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

/** The faults of a value, in the order in which they were found. */
export function schemaFaults(
  issues: readonly Issue[],
  { value, schema }: FaultyValue,
): readonly SchemaFault[] {
  return issues.flatMap((issue) => faultsOf(issue, { value, ...(schema && { schema }) }));
}

/** RFC 6901: `/stages/0/size`; the whole value is an empty text. */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path
    .map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`)
    .join("");
}

function faultsOf(issue: Issue, faulty: FaultyValue): readonly SchemaFault[] {
  const { path } = issue;
  if (issue.code === "invalid_union") return unionFaults(issue, faulty);
  if (issue.code === "unrecognized_keys") {
    const reason = `expected no such member${knownMembers(faulty.schema, path)}`;
    return issue.keys.map((key) => ({ path: [...path, key], reason }));
  }
  if (issue.code === "invalid_key" || issue.code === "invalid_element") {
    const [inner] = issue.issues;
    return [{ path, reason: inner?.message ?? "expected another name" }];
  }
  const got = gotOf(issue, faulty);
  return [{ path, reason: isOwn(issue.message) ? issue.message : reasonOf(issue, got) }];
}

/** What the schema read there, a number out of a text of a query, say; of no number the text itself. */
function gotOf({ input, path }: Issue, { value }: FaultyValue): unknown {
  return input === undefined || Number.isNaN(input) ? valueAt(value, path) : input;
}

/** What says of a whole value that it is another kind of thing. */
const typeCodes: ReadonlySet<Issue["code"]> = new Set(["invalid_type", "invalid_value"]);

/** Of the forms it could have, the one it comes nearest to: of its type, then with the fewest faults. */
function unionFaults(
  issue: Extract<Issue, { code: "invalid_union" }>,
  faulty: FaultyValue,
): readonly SchemaFault[] {
  const { path, errors } = issue;
  const forms = errors.map((inner) => ({
    isOfThatType: inner.every(({ code, path: at }) => at.length > 0 || !typeCodes.has(code)),
    faults: schemaFaults(
      inner.map((one) => ({ ...one, path: [...path, ...one.path] })),
      faulty,
    ),
  }));
  const [nearest] = forms.toSorted(
    (left, right) =>
      Number(right.isOfThatType) - Number(left.isOfThatType) ||
      left.faults.length - right.faults.length,
  );
  if (nearest !== undefined && nearest.faults.length > 0) return nearest.faults;
  if (isOwn(issue.message)) return [{ path, reason: issue.message }];
  const got = described(valueAt(faulty.value, path));
  return [{ path, reason: `expected one of the known forms, got ${got}` }];
}

/** A schema's own words; the library's begin otherwise. */
function isOwn(message: string): boolean {
  return !/^(Invalid|Too small|Too big|Unrecognized)/.test(message);
}

type SimpleIssue = Exclude<
  Issue,
  { code: "invalid_union" | "unrecognized_keys" | "invalid_key" | "invalid_element" }
>;

function reasonOf(issue: SimpleIssue, got: unknown): string {
  switch (issue.code) {
    case "invalid_type":
      return `expected ${wordOf(issue.expected)}, got ${described(got)}`;
    case "invalid_value":
      return `expected ${oneOf(issue.values)}, got ${described(got)}`;
    case "too_small":
      return `expected ${bound(issue.origin, "least", issue.minimum, issue.inclusive)}, got ${sizeOf(got)}`;
    case "too_big":
      return `expected ${bound(issue.origin, "most", issue.maximum, issue.inclusive)}, got ${sizeOf(got)}`;
    case "not_multiple_of":
      return `expected a multiple of ${issue.divisor}, got ${described(got)}`;
    case "invalid_format":
      return `expected a text in the form of ${issue.pattern ?? issue.format}, got another`;
    case "custom":
      return "expected another form";
  }
}

const words: Readonly<Record<string, string>> = {
  array: "a list",
  boolean: "true or false",
  int: "a whole number",
  number: "a number",
  object: "an object",
  record: "an object",
  string: "a text",
  tuple: "a list",
};

function wordOf(expected: string): string {
  return words[expected] ?? expected;
}

const VALUES_SHOWN = 12;

function oneOf(values: readonly unknown[]): string {
  const shown = values.slice(0, VALUES_SHOWN).map((value) => described(value));
  const more = values.length > shown.length ? " …" : "";
  return shown.length === 1 ? shown.join() : `one of ${shown.join(", ")}${more}`;
}

function bound(
  origin: string,
  side: "least" | "most",
  limit: number | bigint,
  inclusive = true,
): string {
  const units: Readonly<Record<string, string>> = {
    ...{ string: "characters", array: "entries", tuple: "entries" },
    ...{ set: "entries", map: "entries", object: "members" },
  };
  const unit = units[origin];
  if (unit !== undefined) return `at ${side} ${limit} ${limit === 1 ? singular(unit) : unit}`;
  if (inclusive) return `a number of at ${side} ${limit}`;
  return `a number ${side === "least" ? "above" : "below"} ${limit}`;
}

function singular(unit: string): string {
  return unit === "entries" ? "entry" : unit.slice(0, -1);
}

function sizeOf(value: unknown): string {
  if (typeof value === "string" || Array.isArray(value)) return String(value.length);
  return described(value);
}

const WORD_LENGTH_MAX = 32;

function described(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") {
    return value.length > WORD_LENGTH_MAX ? "a text" : JSON.stringify(value);
  }
  const isPlain = typeof value === "number" || typeof value === "boolean";
  return isPlain ? String(value) : "an object";
}

function knownMembers(schema: z.core.$ZodType | undefined, path: readonly PropertyKey[]): string {
  const members = schema === undefined ? [] : membersOf(schema, path);
  return members.length === 0 ? "" : `; there are ${members.slice(0, 32).join(", ")}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inner, part) => {
    if (typeof inner !== "object" || inner === null || !Object.hasOwn(inner, part))
      return undefined;
    return Reflect.get(inner, part);
  }, value);
}
