import type { Command } from "commander";
import type { AcknowledgeAlertOptions } from "../actions/acknowledge-alert.ts";
import type { ListAlertsOptions } from "../actions/list-alerts.ts";
import { type ApiOptions, withApiOptions } from "../api-options.ts";
import type { Terminal } from "../terminal.ts";

export function addAlertCommands(program: Command, terminal: Terminal): void {
  const alert = program
    .command("alert")
    .description("what has drifted, and who looks after it")
    .addHelpText("before", "Example:\n  modelfleet alert list --state FIRING\n");
  withApiOptions(
    alert
      .command("list")
      .description("alerts, newest first")
      .option("--state <states>", "only these, with commas between: FIRING,ACKED,RECOVERING …")
      .option("--model <model>", "only of this model")
      .option("--limit <count>", "no more than so many", "100"),
  )
    .addHelpText(
      "before",
      "Example:\n  modelfleet alert list --state FIRING,ACKED --model digits\n",
    )
    .action(async (options: ListAlertsOptions) => {
      const { listAlerts } = await import("../actions/list-alerts.ts");
      await listAlerts(terminal, options);
    });
  withApiOptions(
    alert
      .command("show <id>")
      .description("one alert: what it rests on, and all that has happened to it"),
  )
    .addHelpText("before", "Example:\n  modelfleet alert show 4f1d2c3b5a6978874f1d2c3b\n")
    .action(async (id: string, options: ApiOptions) => {
      const { showAlert } = await import("../actions/show-alert.ts");
      await showAlert(terminal, id, options);
    });
  withApiOptions(
    alert
      .command("ack <id>")
      .description(
        "take an alert: it is yours until it ends, and told again only when it gets worse",
      )
      .option("--note <text>", "what you know of it", ""),
  )
    .addHelpText(
      "before",
      "Example:\n  modelfleet alert ack 4f1d2c3b5a6978874f1d2c3b --note 'new lamp in hall 3'\n",
    )
    .addHelpText(
      "after",
      "\nExit code 0: it is yours, also when it was before (which is said). 3: no such alert. 5: it is over.",
    )
    .action(async (id: string, options: AcknowledgeAlertOptions) => {
      const { acknowledgeAlert } = await import("../actions/acknowledge-alert.ts");
      await acknowledgeAlert(terminal, id, options);
    });
}
