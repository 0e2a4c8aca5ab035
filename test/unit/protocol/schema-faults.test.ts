import {
  checkAgainst,
  faultLine,
  jsonPointer,
  membersOf,
  ReferenceProfile,
  ReleaseManifest,
  type Schema,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import * as z from "zod";

const Shop = z.strictObject({
  name: z.string().min(2).max(5),
  open: z.boolean(),
  kind: z.enum(["bakery", "butcher"]),
  size: z.int().min(1).max(9).optional(),
  share: z.number().gt(0).lt(1).optional(),
  shelves: z
    .array(z.strictObject({ id: z.string() }))
    .min(1)
    .max(2)
    .optional(),
  code: z
    .string()
    .regex(/^[a-z]+$/)
    .optional(),
  own: z.string().regex(/^x/, "expected a text like x1").optional(),
  form: z.union([z.strictObject({ a: z.number() }), z.string().max(1)]).optional(),
});
const shop = { name: "abc", open: true, kind: "bakery" };

function said<T>(schema: Schema<T>, value: unknown): string {
  const answer = checkAgainst(schema, value);
  return answer.kind === "fits" ? "fits" : faultLine(answer.faults);
}

test.each<[unknown, string]>([
  [shop, "fits"],
  [{ ...shop, open: "yes" }, '/open: expected true or false, got "yes"'],
  [{ open: true, kind: "bakery" }, "/name: expected a text, got nothing"],
  [null, "expected an object, got null"],
  [[], "expected an object, got a list"],
  [{ ...shop, name: "a" }, "/name: expected at least 2 characters, got 1"],
  [{ ...shop, name: "abcdef" }, "/name: expected at most 5 characters, got 6"],
  [{ ...shop, kind: "baker" }, '/kind: expected one of "bakery", "butcher", got "baker"'],
  [{ ...shop, size: 0 }, "/size: expected a number of at least 1, got 0"],
  [{ ...shop, size: 10 }, "/size: expected a number of at most 9, got 10"],
  [{ ...shop, size: 1.5 }, "/size: expected a whole number, got 1.5"],
  [{ ...shop, share: 1 }, "/share: expected a number below 1, got 1"],
  [{ ...shop, shelves: [] }, "/shelves: expected at least 1 entry, got 0"],
  [{ ...shop, shelves: [{}] }, "/shelves/0/id: expected a text, got nothing"],
  [{ ...shop, code: "A" }, "/code: expected a text in the form of /^[a-z]+$/, got another"],
  [{ ...shop, own: "y" }, "/own: expected a text like x1"],
  [{ ...shop, form: { a: "1" } }, '/form/a: expected a number, got "1"'],
])("%j is told in words of ours, with its place", (value, words) => {
  expect(said(Shop, value)).toBe(words);
});

const Asked = z.object({
  count: z.coerce.number<string>().int().min(1).max(672).default(1),
  state: z
    .string()
    .transform((text) => text.split(","))
    .pipe(z.array(z.enum(["FIRING", "ACKED"])))
    .optional(),
});

test.each<[unknown, string]>([
  [{ count: "0" }, "/count: expected a number of at least 1, got 0"],
  [{ count: "-1" }, "/count: expected a number of at least 1, got -1"],
  [{ count: "999" }, "/count: expected a number of at most 672, got 999"],
  [{ count: "1.5" }, "/count: expected a whole number, got 1.5"],
  [{ count: "many" }, '/count: expected a number, got "many"'],
  [{ state: "FRING" }, '/state/0: expected one of "FIRING", "ACKED", got "FRING"'],
  [{ state: "ACKED," }, '/state/1: expected one of "FIRING", "ACKED", got ""'],
])("%j of a query is told by what the schema read in its text", (value, words) => {
  expect(said(Asked, value)).toBe(words);
});

test("a member that is not known is named, with those that are", () => {
  expect(said(Shop, { ...shop, shelves: [{ id: "a", "a/b": 1 }] })).toBe(
    "/shelves/0/a~1b: expected no such member; there are id",
  );
  expect(said(Shop, { ...shop, nmae: 1 })).toContain("there are name, open, kind, size");
});

test.each([
  [
    { percent: "x", more: 1 },
    '/percent: expected a number, got "x"; /more: expected no such member',
  ],
  [{ devices: 0 }, "/devices: expected a number of at least 1, got 0"],
  [7, "expected a text, got 7"],
])("%j, which could have one of several forms, is held against the nearest", (value, words) => {
  const form = z.union([
    z.string(),
    z.strictObject({ devices: z.int().min(1) }),
    z.strictObject({ percent: z.int().min(1) }),
  ]);

  expect(said(form, value).replaceAll(/; there are [^;]*/g, "")).toBe(words);
});

test("of many faults the first three are told, and how many more there are", () => {
  const line = said(Shop, { name: 1, open: 1, kind: 1, size: "a", share: "a" });

  expect(line.split("; ")).toHaveLength(4);
  expect(line).toMatch(/; and 2 more$/);
});

test("no long text is repeated, for it may be a secret", () => {
  const secret = "s".repeat(33);

  expect(said(Shop, { ...shop, open: secret })).toBe("/open: expected true or false, got a text");
  expect(said(Shop, { ...shop, name: secret })).not.toContain("sss");
  expect(said(Shop, { ...shop, code: secret.toUpperCase() })).not.toContain("SSS");
});

test("a pointer is that of RFC 6901", () => {
  expect(jsonPointer([])).toBe("");
  expect(jsonPointer(["a/b", "c~d", 0])).toBe("/a~1b/c~0d/0");
});

test("members are those of the place, through lists, records and what may be missing", () => {
  const Nested = z.object({ by: z.record(z.string(), Shop).default({}) });

  expect(membersOf(Nested, [])).toEqual(["by"]);
  expect(membersOf(Nested, ["by", "x", "shelves", 0])).toEqual(["id"]);
  expect(membersOf(Nested, ["by", "x", "name", "y"])).toEqual([]);
});

test("a manifest and a profile that are none are told so without a word of the library's", () => {
  const library = /Invalid|Too small|Too big|Unrecognized|received/;
  const profile = { spec: 1, samples: -1, features: [{ name: "" }], outputs: "none" };

  expect(said(ReleaseManifest, {})).not.toMatch(library);
  expect(said(ReleaseManifest, { model: "a", runtime: "abacus" })).not.toMatch(library);
  expect(said(ReferenceProfile, profile)).not.toMatch(library);
  expect(said(ReferenceProfile, { ...profile, samples: 1 })).toContain("/features/0/name:");
});
