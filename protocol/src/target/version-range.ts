import * as z from "zod";
import { FormatError } from "../errors.ts";

const COMPARATOR = /^(>=|<)?(\d+)(?:\.(\d+|x))?(?:\.(\d+|x))?(?:-([0-9A-Za-z.-]+))?$/;
const VERSION = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/;

/** Comparators that must all hold: `>=1.22 <2`, `1.21.x`, `1.30.0`, `24.x`; `*` is every version. */
export const VersionRange = z
  .string()
  .max(64)
  .refine(
    (range) => range === "*" || range.split(" ").every((text) => parseComparator(text) !== null),
    "expected a range like >=1.22 <2, 1.21.x or *",
  );
export type VersionRange = z.infer<typeof VersionRange>;

/**
 * Whether a version lies in a range; a text that is no version lies in none, for devices report what they like.
 *
 * A pre-release lies on neither edge: `2.0.0-rc.1` is not `>=2` and not `<2`, for it may already behave like 2.
 *
 * @throws FormatError when the range has another form
 */
export function satisfiesRange(version: string, range: VersionRange): boolean {
  const comparators = comparatorsOf(range);
  const found = parseVersion(version);
  return found !== null && comparators.every((comparator) => holds(found, comparator));
}

/**
 * Which of two versions is later: negative, zero or positive, as a sort wants it.
 * Missing parts count as zero; a pre-release comes before its release (semver.org 2.0.0, clause 11).
 *
 * @throws FormatError when either is not a version
 */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [expectVersion(left), expectVersion(right)];
  return compareNumbers(a, b) || comparePreRelease(a.preRelease, b.preRelease);
}

type Version = { readonly parts: readonly number[]; readonly preRelease: string | undefined };
/** What a regular expression's optional groups really give. */
type Groups = readonly (string | undefined)[];

function expectVersion(text: string): Version {
  const version = parseVersion(text);
  if (version) return version;
  throw new FormatError("FORMAT", `expected a version like 1.22.0, got "${text.slice(0, 64)}"`);
}

function parseVersion(text: string): Version | null {
  const groups: Groups | null = VERSION.exec(text);
  if (!groups) return null;
  const parts = groups.slice(1, 4).map((part) => Number(part ?? 0));
  return { parts, preRelease: groups[4] };
}

type Comparator = {
  readonly operator: ">=" | "<" | "same";
  readonly bound: Version;
};

function comparatorsOf(range: VersionRange): readonly Comparator[] {
  if (range === "*") return [];
  return range.split(" ").map((text) => {
    const comparator = parseComparator(text);
    if (comparator) return comparator;
    throw new FormatError("FORMAT", `expected a range like >=1.22 <2, got "${range.slice(0, 64)}"`);
  });
}

function parseComparator(text: string): Comparator | null {
  const groups: Groups | null = COMPARATOR.exec(text);
  if (!groups) return null;
  const [, operator, major, minor, patch, preRelease] = groups;
  const open = minor === "x" || patch === "x";
  if (open && (operator !== undefined || preRelease !== undefined)) return null;
  if (minor === "x" && patch !== undefined && patch !== "x") return null;
  if (preRelease !== undefined && patch === undefined) return null;
  const parts = [major, minor, patch].filter((part) => part !== undefined && part !== "x");
  return {
    operator: operator === ">=" || operator === "<" ? operator : "same",
    bound: { parts: parts.map(Number), preRelease },
  };
}

function holds(version: Version, { operator, bound }: Comparator): boolean {
  const order = compareNumbers(version, bound);
  if (operator === "<") return order < 0;
  if (operator === ">=") return order > 0 || (order === 0 && isNotBefore(version, bound));
  const same = bound.parts.every((part, index) => part === version.parts[index]);
  return same && (bound.parts.length < 3 || version.preRelease === bound.preRelease);
}

function isNotBefore(version: Version, bound: Version): boolean {
  return comparePreRelease(version.preRelease, bound.preRelease) >= 0;
}

function compareNumbers(left: Version, right: Version): number {
  for (const index of [0, 1, 2]) {
    const difference = (left.parts[index] ?? 0) - (right.parts[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function comparePreRelease(left: string | undefined, right: string | undefined): number {
  if (left === right) return 0;
  if (left === undefined) return 1;
  if (right === undefined) return -1;
  const [a, b] = [left.split("."), right.split(".")];
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const order = compareIdentifiers(a[index], b[index]);
    if (order !== 0) return order;
  }
  return 0;
}

/** Numbers by value and before words; fewer identifiers come first. */
function compareIdentifiers(left: string | undefined, right: string | undefined): number {
  if (left === right) return 0;
  if (left === undefined) return -1;
  if (right === undefined) return 1;
  const [a, b] = [isNumber(left), isNumber(right)];
  if (a && b) return Number(left) - Number(right);
  if (a !== b) return a ? -1 : 1;
  return left < right ? -1 : 1;
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}
