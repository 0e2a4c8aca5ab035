import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import catalogue from "../test/faults/fault-cases.json" with { type: "json" };
import type { GeneratedFile } from "./target-catalog.ts";

const FOLDERS = ["test/unit", "test/integration", "test/system", "test/faults", "test/servers"];
/** A test, or a group of them, whose name begins with the cases it shows: `F4: …`, or `F19, F20: …`. */
const NAMED =
  /\b(?:test|it|describe)(?:\.\w+)*(?:\((?:[^()]|\([^()]*\))*\))?\(\s*(["'`])((?:F\d+(?:, )?)+: (?:(?!\1)[\s\S])+)\1/g;

/** One fault or bad input that the fleet must survive, and what must hold then; R(CODE): refused with this code. */
export type FaultCase = (typeof catalogue.cases)[number];

export const faultCases: readonly FaultCase[] = catalogue.cases;
/** Cases that must have a test; the others come with the parts they are about. */
export const provenCases: readonly number[] = catalogue.proven;

/** One test that shows a case. */
export interface CaseTest {
  readonly cases: readonly number[];
  /** Without the numbers. */
  readonly name: string;
  readonly path: string;
}

/** `test/faults/CASES.md`: every case of the catalogue, and the tests that show it. */
export function faultCasesFile(root: string): GeneratedFile {
  return { path: "test/faults/CASES.md", text: table(caseTests(root)) };
}

/** The tests of the repository that name a case, by path. */
export function caseTests(root: string): readonly CaseTest[] {
  return testFiles(root).flatMap((path) => readCases(path, readFileSync(join(root, path), "utf8")));
}

/** What one file's text says it shows. */
export function readCases(path: string, text: string): readonly CaseTest[] {
  return [...text.matchAll(NAMED)].map(([, , title = ""]) => {
    const colon = title.indexOf(": ");
    const cases = title
      .slice(0, colon)
      .split(", ")
      .map((name) => Number(name.slice(1)));
    return { cases, name: title.slice(colon + 2).replaceAll(/\s+/g, " "), path };
  });
}

function testFiles(root: string): readonly string[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".test.ts"))
      .toSorted()
      .map((name) => `${folder}/${name}`),
  );
}

function table(tests: readonly CaseTest[]): string {
  const rows = faultCases.map((one) =>
    row(
      one,
      tests.filter(({ cases }) => cases.includes(one.number)),
    ),
  );
  return [
    "# Fault and bad-input cases, and the tests that show them",
    "",
    "Made by `npm run generate` from the names of the tests and from `fault-cases.json`. A case without a test is open.",
    "",
    "| Case | What happens | What must hold | Shown by |",
    "|---|---|---|---|",
    ...rows,
    "",
  ].join("\n");
}

function row({ number, title, expected }: FaultCase, tests: readonly CaseTest[]): string {
  const links = tests.map(({ path, name }) => `[${cell(name)}](${linkTo(path)})`);
  const shown = links.length === 0 ? "open" : links.join("<br>");
  return `| F${number} | ${cell(title)} | ${cell(expected)} | ${shown} |`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("[", "\\[").replaceAll("]", "\\]");
}

/** As seen from test/faults. */
function linkTo(path: string): string {
  return path.startsWith("test/faults/")
    ? path.slice("test/faults/".length)
    : `../${path.slice("test/".length)}`;
}
