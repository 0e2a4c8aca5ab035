import { Deployment } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { awaitDeployment, underWay } from "../await-deployment.ts";
import { CliError } from "../cli-error.ts";
import { type Context, contextOf } from "../context.ts";
import { readDuration, readDurationWithin, readLabels, readRelease } from "../read-options.ts";
import { renderDeployment } from "../render/deployment.ts";
import { plural } from "../render/plural.ts";
import type { Terminal } from "../terminal.ts";

export interface DeployOptions extends ApiOptions {
  readonly device?: string;
  readonly label: readonly string[];
  readonly all?: boolean;
  readonly slot: string;
  readonly deferMax?: string;
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
  const ordered = { ...readRelease(release), slot: options.slot, target: targetOf(options) };
  const json = { ...ordered, ...deferralOf(options) };
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

function deferralOf({ deferMax }: DeployOptions): { readonly deferMsMax?: number } {
  return deferMax === undefined
    ? {}
    : { deferMsMax: readDurationWithin("--defer-max", deferMax, { min: "0s", max: "7d" }) };
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
    ...(isWaiting && deployment.approval.state === "awaiting-approval"
      ? [`nobody else has agreed yet: modelfleet deploy approve ${deployment.id}`]
      : []),
    ...(failed.length === 0
      ? []
      : [
          `${failed.length} of ${plural(deployment.devices.length, "device")} did not take ${deployment.model}@${deployment.version}; what they ran before still serves`,
        ]),
    ...waiting.map(
      ({ device, status }) =>
        `${device} is still ${status === "assigned" ? "to be heard of (assigned)" : status}; it goes on without this command: modelfleet device show ${device}`,
    ),
  ];
  if (complaints.length > 0) throw new CliError("NOT_DONE", complaints.join("\n       "));
}
