import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const repository = new URL("../../../", import.meta.url);
const page = readFileSync(new URL("docs/conformance.md", repository), "utf8");
const [tuf = [], uptane = []] = page.split("## Uptane vector families").map(rowsOf);
const reference = /`(test\/[^`]+\.test\.ts)` “([^”]+)”/g;

/** The cases of tuf-conformance by family, each parameter counted. */
const counts = {
  basic: 24,
  expiration: 6,
  rollback: 9,
  keys: 8,
  "key rotation": 25,
  download: 9,
  delegation: 23,
  "odd role names": 4,
  "static repositories": 2,
};

const families = [
  ...["ZeroThreshold", "Expired", "UnmetThreshold", "NonUniqueSignatures", "Unsigned"],
  ...["BadKeyIds", "Oversized", "HashMismatch", "RoleTypeMismatch"],
  ...["RotationNoOriginalSignature", "RotationNoNewSignature", "VersionUnchanged", "VersionSkip"],
  ...["MetadataChangedWhileVersionSame", "BadHwId", "BadEcuId", "TargetsTooLarge", "SameEcu"],
];

describe("the conformance page", () => {
  test("has each of the 110 TUF cases once", () => {
    const found = Object.fromEntries(
      Object.keys(counts).map((name) => [name, tuf.filter(([family]) => family === name).length]),
    );

    expect(found).toEqual(counts);
    expect(tuf).toHaveLength(110);
    expect(new Set(tuf.map(([family, name]) => `${family} ${name}`)).size).toBe(110);
  });

  test("has each family of Uptane's vectors once", () => {
    expect(uptane.map(([family]) => family)).toEqual(families);
  });

  test("names for each case a test that exists, also where the case itself cannot apply", () => {
    const wrong = [...tuf, ...uptane].flatMap((row) => {
      const named = [...(row.at(-1) ?? "").matchAll(reference)];
      const missing = named.filter(([, path = "", name = ""]) => !isThere(path, name));
      return named.length === 0 ? [row.join(": ")] : missing.map(([text]) => text);
    });

    expect(wrong).toEqual([]);
  });

  test("would notice a test that is not there", () => {
    expect(
      isThere("test/unit/conformance/table.test.ts", "has each of the 110 TUF cases once"),
    ).toBe(true);
    expect(isThere("test/unit/conformance/table.test.ts", ["no", "such", "test"].join(" "))).toBe(
      false,
    );
    expect(isThere("test/unit/conformance/absent.test.ts", "")).toBe(false);
  });
});

/** The rows of the tables in a text, without their heads. */
function rowsOf(text: string): string[][] {
  return text
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| Family"))
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .map((cells) => cells.slice(1, -1));
}

/** Names stand in the files as string literals; a fault case's number may stand before them. */
function isThere(path: string, name: string): boolean {
  const file = new URL(path, repository);
  if (!existsSync(file)) return false;
  const before = readFileSync(file, "utf8").split(`${name}"`).slice(0, -1);
  return before.some((text) => /"(F\d+: )?$/.test(text));
}
