import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import catalogue from "../test/faults/scenarios.json" with { type: "json" };
import { cell, linkOf, namedTests } from "./named-tests.ts";
import type { GeneratedFile } from "./target-catalog.ts";

/** What the agent must be able to do, with its figure where there is one. */
export type Scenario = (typeof catalogue.scenarios)[number];

export const scenarios: readonly Scenario[] = catalogue.scenarios;

/** What shows a scenario: links to tests and to parts of the bench. */
export interface Showing {
  readonly scenario: Scenario;
  readonly shownBy: readonly string[];
}

/** `test/faults/SCENARIOS.md`: every scenario, its tests, and where its figure is measured. */
export function scenariosFile(root: string): GeneratedFile {
  const rows = showings(root).map(({ scenario: { number, title, expected }, shownBy }) => {
    const shown = shownBy.length === 0 ? "open" : shownBy.join("<br>");
    return `| S${number} | ${cell(title)} | ${cell(expected)} | ${shown} |`;
  });
  const text = [
    "# Acceptance scenarios of the agent, and what shows them",
    "",
    "Made by `npm run generate` from the names of the tests, from the parts of the bench and from `scenarios.json`. `npm run bench` prints the figures,",
    "with the bare runtime beside them and whether each limit holds on the machine it runs on.",
    "",
    "| Scenario | What | What must hold | Shown by |",
    "|---|---|---|---|",
    ...rows,
    "",
  ];
  return { path: "test/faults/SCENARIOS.md", text: text.join("\n") };
}

export function showings(root: string): readonly Showing[] {
  const tests = namedTests(root);
  const measured = measurements(root);
  return scenarios.map((scenario) => {
    const { number } = scenario;
    const shown = tests.filter((test) => test.scenarios.includes(number)).map(linkOf);
    const parts = measured.filter(({ numbers }) => numbers.includes(number));
    return { scenario, shownBy: [...shown, ...parts.map(({ link }) => link)] };
  });
}

/** A part of the bench names its scenarios as `scenario: 7`, or as the first argument of `line`. */
function measurements(root: string) {
  const files = readdirSync(join(root, "test/bench")).filter((name) => name.endsWith(".ts"));
  return files.toSorted().map((name) => {
    const text = readFileSync(join(root, "test/bench", name), "utf8");
    const numbers = [...text.matchAll(/\bscenario: (\d+)\b|\bline\((\d+),/g)].map(([, a, b]) =>
      Number(a ?? b),
    );
    return { numbers, link: linkOf({ path: `test/bench/${name}`, name: `bench: ${name}` }) };
  });
}
