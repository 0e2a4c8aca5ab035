import type { Command } from "commander";
import type { DeployOptions } from "../actions/deploy.ts";
import { type ApiOptions, withApiOptions } from "../api-options.ts";
import type { Terminal } from "../terminal.ts";

export function addDeployCommand(program: Command, terminal: Terminal): void {
  const order = program.command("deploy <release>");
  addApprove(order, terminal);
  withApiOptions(
    order
      .description(
        "order a release (model@version) for one device, for devices by label, or for all",
      )
      .option("--device <id>", "this device")
      .option("--label <key=value...>", "every device that carries these labels", [])
      .option("--all", "every device")
      .option("--slot <slot>", "slot of the device", "main")
      .option("--defer-max <duration>", "how long applications may put the swap off (default: 1d)")
      .option("--wait", "wait until every device has confirmed or refused it")
      .option("--timeout <duration>", "longest wait", "5m"),
  )
    .addHelpText(
      "before",
      "Examples:\n  modelfleet deploy digits@1.0.0 --device cam-0017 --wait\n  modelfleet deploy digits@1.0.0 --label site=plant-a\n",
    )
    .action(async (release: string, options: DeployOptions) => {
      const { deploy } = await import("../actions/deploy.ts");
      await deploy(terminal, release, options);
    });
}

function addApprove(order: Command, terminal: Terminal): void {
  withApiOptions(
    order
      .command("approve <id>")
      .description("agree, as the second person, to a deployment that waits"),
  )
    .addHelpText("before", "Example:\n  modelfleet deploy approve 4f1d2c3b5a697887\n")
    .action(async (id: string, _options: ApiOptions, command: Command) => {
      const { approveDeployment } = await import("../actions/approve-deployment.ts");
      // An option both know is taken by the command above.
      await approveDeployment(terminal, id, command.optsWithGlobals());
    });
}
