import catalogue from "../test/faults/telemetry-scenarios.json" with { type: "json" };
import { cell, linkOf, namedTests, saidShowings } from "./named-tests.ts";
import type { GeneratedFile } from "./target-catalog.ts";

/** What telemetry and the decisions over it must do, with its figures. */
export type TelemetryScenario = (typeof catalogue.scenarios)[number];

export const telemetryScenarios: readonly TelemetryScenario[] = catalogue.scenarios;

/** What shows a scenario: links to tests, to soaks and to parts of the bench. */
export interface TelemetryShowing {
  readonly scenario: TelemetryScenario;
  readonly shownBy: readonly string[];
}

/** `test/faults/TELEMETRY.md`: every scenario of telemetry, and what shows it. */
export function telemetryScenariosFile(root: string): GeneratedFile {
  const rows = telemetryShowings(root).map(({ scenario, shownBy }) => {
    const { number, title, expected } = scenario;
    const shown = shownBy.length === 0 ? "open" : shownBy.join("<br>");
    return `| T${number} | ${cell(title)} | ${cell(expected)} | ${shown} |`;
  });
  const text = [
    "# Acceptance scenarios of telemetry and drift, and what shows them",
    "",
    "Made by `npm run generate` from the names of the tests, from what soaks and benches say they show, and from `telemetry-scenarios.json`. Figures:",
    "`npm run bench:drift`.",
    "",
    "| Scenario | What | What must hold | Shown by |",
    "|---|---|---|---|",
    ...rows,
    "",
  ];
  return { path: "test/faults/TELEMETRY.md", text: text.join("\n") };
}

export function telemetryShowings(root: string): readonly TelemetryShowing[] {
  const tests = namedTests(root);
  const said = ["test/soak", "test/bench"].flatMap((folder) =>
    saidShowings(root, { folder, letter: "T" }),
  );
  return telemetryScenarios.map((scenario) => {
    const { number } = scenario;
    const shown = tests.filter(({ telemetry }) => telemetry.includes(number));
    const measured = said.filter((one) => one.number === number);
    return { scenario, shownBy: [...shown, ...measured].map(linkOf) };
  });
}
