import { Deployment, parseDuration } from "@modelfleet/protocol";
import type { Command } from "commander";
import { awaitDeployment } from "../await-deployment.ts";
import { CliError } from "../cli-error.ts";
import { type CommonOptions, type Context, contextOf, withCommonOptions } from "../context.ts";
import { parseLabels } from "../label-option.ts";
import { table } from "../render/table.ts";
import type { Terminal } from "../terminal.ts";

interface DeployOptions extends CommonOptions {
  readonly device?: string;
  readonly label: readonly string[];
  readonly all?: boolean;
  readonly slot: string;
  readonly wait?: boolean;
  readonly timeout: string;
}

export function addDeployCommand(program: Command, terminal: Terminal): void {
  withCommonOptions(
    program
      .command("deploy <release>")
      .description(
        "order a release (model@version) for one device, for devices by label, or for all",
      )
      .option("--device <id>", "this device")
      .option("--label <key=value...>", "every device that carries these labels", [])
      .option("--all", "every device")
      .option("--slot <slot>", "slot of the device", "main")
      .option("--wait", "wait until every device has confirmed or refused it")
      .option("--timeout <duration>", "longest wait", "5m"),
  )
    .addHelpText(
      "before",
      "Examples:\n  modelfleet deploy digits@1.0.0 --device cam-0017 --wait\n  modelfleet deploy digits@1.0.0 --label site=plant-a\n",
    )
    .action(async (release: string, options: DeployOptions) => {
      const context = contextOf(terminal, options);
      const [model, version, ...rest] = release.split("@");
      if (model === undefined || version === undefined || rest.length > 0) {
        throw new CliError("USAGE", `expected a release like digits@1.0.0, got "${release}"`);
      }
      const created = await context.api.call({
        method: "POST",
        path: "/v1/deployments",
        answer: Deployment,
        json: { model, version, slot: options.slot, target: targetOf(options) },
      });
      await conclude(context, created, options);
    });
}

function targetOf(options: DeployOptions): object {
  const ways = [options.device !== undefined, options.label.length > 0, options.all === true];
  if (ways.filter(Boolean).length !== 1) {
    throw new CliError("USAGE", "expected one of --device ID, --label key=value or --all");
  }
  if (options.device !== undefined) return { device: options.device };
  return options.all === true ? { all: true } : { labels: parseLabels(options.label) };
}

async function conclude(
  context: Context,
  created: Deployment,
  options: DeployOptions,
): Promise<void> {
  const timeoutMs = parseDuration(options.timeout);
  const deployment =
    options.wait === true ? await awaitDeployment(context, created, timeoutMs) : created;
  context.answer(deployment, () => renderDeployment(deployment));
  const failed = deployment.devices.filter((device) =>
    ["ineligible", "refused", "rolled-back"].includes(device.status),
  );
  if (failed.length > 0) {
    throw new CliError(
      "NOT_DONE",
      `${failed.length} of ${deployment.devices.length} device(s) did not take ${deployment.model}@${deployment.version}; what they ran before still serves`,
    );
  }
}

function renderDeployment(deployment: Deployment): string {
  const rows = deployment.devices.map((device) => [
    device.device,
    device.status,
    device.step ?? "",
    [
      ...device.reasons.map((reason) => `${reason.code} need ${reason.need} have ${reason.have}`),
      ...[device.code, device.detail].filter((part) => part !== null),
    ].join(": "),
  ]);
  return table(["device", "status", "step", "reason"], rows);
}
