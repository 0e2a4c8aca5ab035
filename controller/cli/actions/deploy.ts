import { Deployment } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { awaitDeployment, underWay } from "../await-deployment.ts";
import { CliError } from "../cli-error.ts";
import { type Context, contextOf } from "../context.ts";
import { readDuration, readLabels } from "../read-options.ts";
import { table } from "../render/table.ts";
import type { Terminal } from "../terminal.ts";

export interface DeployOptions extends ApiOptions {
  readonly device?: string;
  readonly label: readonly string[];
  readonly all?: boolean;
  readonly slot: string;
  readonly wait?: boolean;
  readonly timeout: string;
}

export async function deploy(
  terminal: Terminal,
  release: string,
  options: DeployOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  // Everything is read before anything is ordered.
  const json = { ...releaseOf(release), slot: options.slot, target: targetOf(options) };
  const timeoutMs = readDuration("--timeout", options.timeout);
  const created = await context.api.call({
    method: "POST",
    path: "/v1/deployments",
    answer: Deployment,
    json,
  });
  const ended =
    options.wait === true ? await awaitDeployment(context, created, timeoutMs) : created;
  conclude(context, ended, options.wait === true);
}

function releaseOf(text: string): { readonly model: string; readonly version: string } {
  const [model, version, ...rest] = text.split("@");
  if (model !== undefined && version !== undefined && rest.length === 0) return { model, version };
  throw new CliError("USAGE", `expected a release like digits@1.0.0, got "${text}"`);
}

function targetOf(options: DeployOptions): object {
  const ways = [options.device !== undefined, options.label.length > 0, options.all === true];
  if (ways.filter(Boolean).length !== 1) {
    throw new CliError("USAGE", "expected one of --device ID, --label key=value or --all");
  }
  if (options.device !== undefined) return { device: options.device };
  return options.all === true ? { all: true } : { labels: readLabels(options.label) };
}

function conclude(context: Context, deployment: Deployment, isWaiting: boolean): void {
  context.answer(deployment, () => renderDeployment(deployment));
  const waiting = isWaiting ? underWay(deployment) : [];
  const failed = deployment.devices.filter((device) =>
    ["ineligible", "refused", "rolled-back"].includes(device.status),
  );
  const complaints = [
    ...(failed.length === 0
      ? []
      : [
          `${failed.length} of ${deployment.devices.length} device(s) did not take ${deployment.model}@${deployment.version}; what they ran before still serves`,
        ]),
    ...waiting.map(
      ({ device, status }) =>
        `${device} is still ${status === "assigned" ? "to be heard of (assigned)" : status}; it goes on without this command: modelfleet device show ${device}`,
    ),
  ];
  if (complaints.length > 0) throw new CliError("NOT_DONE", complaints.join("\n       "));
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
