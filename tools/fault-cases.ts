import catalogue from "../test/faults/fault-cases.json" with { type: "json" };
import { cell, linkOf, type NamedTest, namedTests } from "./named-tests.ts";
import type { GeneratedFile } from "./target-catalog.ts";

/** One fault or bad input that the fleet must survive, and what must hold then; R(CODE): refused with this code. */
export type FaultCase = (typeof catalogue.cases)[number];

export const faultCases: readonly FaultCase[] = catalogue.cases;
/** Cases that must have a test; the others come with the parts they are about. */
export const provenCases: readonly number[] = catalogue.proven;

/** `test/faults/CASES.md`: every case of the catalogue, and the tests that show it. */
export function faultCasesFile(root: string): GeneratedFile {
  return { path: "test/faults/CASES.md", text: table(namedTests(root)) };
}

function table(tests: readonly NamedTest[]): string {
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

function row({ number, title, expected }: FaultCase, tests: readonly NamedTest[]): string {
  const shown = tests.length === 0 ? "open" : tests.map(linkOf).join("<br>");
  return `| F${number} | ${cell(title)} | ${cell(expected)} | ${shown} |`;
}
