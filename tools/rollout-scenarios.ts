import catalogue from "../test/faults/rollout-scenarios.json" with { type: "json" };
import { cell, linkOf, namedTests, saidShowings } from "./named-tests.ts";
import type { GeneratedFile } from "./target-catalog.ts";

/** What a rollout must do; `needsMetricGate` where it is about the metrics of models, whose gates are not built. */
export type RolloutScenario = (typeof catalogue.scenarios)[number];

export const rolloutScenarios: readonly RolloutScenario[] = catalogue.scenarios;

/** What shows a scenario: links to tests and to soaks. */
export interface RolloutShowing {
  readonly scenario: RolloutScenario;
  readonly shownBy: readonly string[];
}

/** `test/faults/ROLLOUTS.md`: every scenario of rollouts, and what shows it. */
export function rolloutScenariosFile(root: string): GeneratedFile {
  const rows = rolloutShowings(root).map(({ scenario, shownBy }) => {
    const { number, title, expected, needsMetricGate } = scenario;
    const open = needsMetricGate ? "open: needs the gates on metrics" : "open";
    const shown = shownBy.length === 0 ? open : shownBy.join("<br>");
    return `| R${number} | ${cell(title)} | ${cell(expected)} | ${shown} |`;
  });
  const text = [
    "# Acceptance scenarios of rollouts, and what shows them",
    "",
    "Made by `npm run generate` from the names of the tests, from what the soaks say they show, and from `rollout-scenarios.json`. Figures:",
    "`npm run bench:rollout`.",
    "",
    "| Scenario | What | What must hold | Shown by |",
    "|---|---|---|---|",
    ...rows,
    "",
  ];
  return { path: "test/faults/ROLLOUTS.md", text: text.join("\n") };
}

export function rolloutShowings(root: string): readonly RolloutShowing[] {
  const tests = namedTests(root);
  const soaks = saidShowings(root, { folder: "test/soak", letter: "R" });
  return rolloutScenarios.map((scenario) => {
    const { number } = scenario;
    const shown = tests.filter(({ rollouts }) => rollouts.includes(number)).map(linkOf);
    const killed = soaks.filter((soak) => soak.number === number).map(linkOf);
    return { scenario, shownBy: [...shown, ...killed] };
  });
}
