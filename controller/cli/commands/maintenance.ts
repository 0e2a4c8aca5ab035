import type { Command } from "commander";
import type { AddMaintenanceOptions } from "../actions/add-maintenance.ts";
import type { ListMaintenanceOptions } from "../actions/list-maintenance.ts";
import { type ApiOptions, withApiOptions } from "../api-options.ts";
import type { Terminal } from "../terminal.ts";

const addExample =
  "Example:\n  modelfleet maintenance add --model digits --cohort hall=south --for 2h --reason 'new lamps'\n";

export function addMaintenanceCommands(program: Command, terminal: Terminal): void {
  const maintenance = program
    .command("maintenance")
    .description("work on devices that you announce, so that nobody is told of its alerts")
    .addHelpText("before", addExample);
  withApiOptions(
    maintenance
      .command("add")
      .description("announce work: alerts of its devices are kept and told to nobody meanwhile")
      .requiredOption("--model <model>", "whose devices are worked on")
      .option("--cohort <cohort>", "which of them: fleet, class=NAME or LABEL=VALUE", "fleet")
      .option("--from <time>", "when it begins, like 2026-12-01T06:00:00Z (default: now)")
      .option("--to <time>", "when it ends, or --for")
      .option("--for <duration>", "how long it lasts, like 2h, or --to")
      .requiredOption("--reason <text>", "what is done; it stands in each alert that is not told"),
  )
    .addHelpText("before", addExample)
    .addHelpText(
      "after",
      "\nAt most 30 days from beginning to end, and begun at most a day ago. An alert that still stands when it ends is told with the next excess,\nunless people were told before.\nExit code 3: no such model, or no device in that cohort. 5: times that do not fit, or too many announced.",
    )
    .action(async (options: AddMaintenanceOptions) => {
      const { addMaintenance } = await import("../actions/add-maintenance.ts");
      await addMaintenance(terminal, options);
    });
  withApiOptions(
    maintenance
      .command("list")
      .description("what was announced, also what is over")
      .option("--model <model>", "only of this model"),
  )
    .addHelpText("before", "Example:\n  modelfleet maintenance list --model digits\n")
    .action(async (options: ListMaintenanceOptions) => {
      const { listMaintenance } = await import("../actions/list-maintenance.ts");
      await listMaintenance(terminal, options);
    });
  withApiOptions(
    maintenance
      .command("end <id>")
      .description("end it now: alerts that still stand are told with the next excess"),
  )
    .addHelpText("before", "Example:\n  modelfleet maintenance end 4f1d2c3b5a697887\n")
    .addHelpText("after", "\nExit code 0: it is over, also when it was before. 3: no such thing.")
    .action(async (id: string, options: ApiOptions) => {
      const { endMaintenance } = await import("../actions/end-maintenance.ts");
      await endMaintenance(terminal, id, options);
    });
}
