import { executionTransitions } from "../controller/src/domain/rollout/machine/execution-table.ts";
import {
  rolloutTransitions,
  stageTransitions,
} from "../controller/src/domain/rollout/machine/rollout-table.ts";
import { cell } from "./named-tests.ts";
import type { GeneratedFile } from "./target-catalog.ts";

interface Row {
  readonly by: string;
  readonly from: readonly string[];
  readonly to: string;
  readonly when: string;
}

/** `docs/rollout-states.md`: the tables that the three machines of a rollout go by. */
export function rolloutStatesFile(): GeneratedFile {
  const executions = executionTransitions.map(({ on, ...row }) => ({ ...row, by: on }));
  const text = [
    "# States of rollouts, stages and executions",
    "",
    "Made by `npm run generate` from the tables the controller itself goes by. A transition that stands in none of them does not happen, and a test goes through every one",
    "that does. The rules behind them are numbered prose in `controller/src/domain/rollout/machine/`: `planRollout`, `planStage`, `commandRollout` and `advanceExecution`.",
    "",
    ...table(
      "Rollout",
      "`plan` is the rollout's own doing; every other word is a person's.",
      rolloutTransitions,
    ),
    ...table(
      "Stage",
      "At most one stage is `deploying`, `baking`, `evaluating`, `awaiting-review` or `inconclusive`.",
      stageTransitions,
    ),
    ...table(
      "Execution",
      "One device of a rollout. `failed`, `rejected`, `timed-out` and `rolled-back` count as bad, `succeeded` as ok.",
      executions,
    ),
  ];
  return { path: "docs/rollout-states.md", text: text.join("\n") };
}

function table(title: string, about: string, rows: readonly Row[]): readonly string[] {
  return [
    `## ${title}`,
    "",
    about,
    "",
    "| From | By | To | When |",
    "|---|---|---|---|",
    ...rows.map(
      ({ from, by, to, when }) => `| ${from.join(", ")} | ${by} | ${to} | ${cell(when)} |`,
    ),
    "",
  ];
}
