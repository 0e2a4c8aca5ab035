import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ROOT, sourceFiles } from "./source-files.ts";

const DOCUMENT = "docs/protocol.md";
/** `protocol.md 1.4.2` and `protocol.md 1.6.2, 1.6.3`; chapters and sections may be cited too. */
const CITATION = /(?<!dsse )protocol\.md (\d+(?:\.\d+)*(?:(?:, | and )\d+(?:\.\d+)+)*)/g;

const document = readFileSync(join(ROOT, DOCUMENT), "utf8");
const clauses = [...document.matchAll(/^- \*\*(\d+(?:\.\d+)+)\*\* /gm)].map(([, number]) => number);
const headings = [...document.matchAll(/^##+ (\d+(?:\.\d+)*) /gm)].map(([, number]) => number);
const places = new Set([...clauses, ...headings]);

const citations = sourceFiles()
  .filter(({ path }) => path !== DOCUMENT && !path.startsWith("test/unit/house/"))
  .flatMap(({ path, text }) => numbersIn(text).map((number) => ({ path, number })));

describe("the clauses of protocol.md", () => {
  test("that code cites are there", () => {
    expect(citations.length).toBeGreaterThan(50);
    expect(citations.filter(({ number }) => !places.has(number))).toEqual([]);
  });

  test("that other clauses cite are there", () => {
    const inBrackets = [...document.matchAll(/(?:\(|clause |by |what )(\d+\.\d+(?:\.\d+)*)\b/gi)];
    const cited = inBrackets.map(([, number]) => number).filter((number) => number !== "3.1.1");

    expect(cited.length).toBeGreaterThan(5);
    expect(cited.filter((number) => !places.has(number))).toEqual([]);
  });

  test("have each a number of its own, and those of one section follow each other", () => {
    expect(new Set(clauses).size).toBe(clauses.length);
    expect(clauses.filter((number) => !followsAnother(number ?? ""))).toEqual([]);
  });

  test("would be missed: a number nobody wrote is found", () => {
    const text = "// protocol.md 1.99.1, 2.1: never" + " written";

    expect(numbersIn(text).filter((number) => !places.has(number))).toEqual(["1.99.1"]);
  });
});

function numbersIn(text: string): string[] {
  return [...text.matchAll(CITATION)].flatMap(([, numbers = ""]) => numbers.split(/, | and /));
}

/** The first of its section, or one after the clause before it. */
function followsAnother(number: string): boolean {
  const parts = number.split(".");
  const last = Number(parts.at(-1));
  return last === 1 || clauses.includes([...parts.slice(0, -1), last - 1].join("."));
}
