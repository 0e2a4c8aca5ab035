import { cliLimits, Deployment, type DeploymentDevice } from "@modelfleet/protocol";
import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";

const ENDED: readonly string[] = [
  "ineligible",
  "confirmed",
  "refused",
  "rolled-back",
  "superseded",
];

/** Devices of a deployment that have not come to an end yet. */
export function underWay(deployment: Deployment): readonly DeploymentDevice[] {
  return deployment.devices.filter((device) => !ENDED.includes(device.status));
}

function isAtItsEnd(deployment: Deployment): boolean {
  return deployment.approval.state !== "awaiting-approval" && underWay(deployment).length === 0;
}

/**
 * Polls a deployment until each device has come to an end or the time is up, and says on the error stream what changed.
 * A controller that goes away and comes back is waited for.
 */
export async function awaitDeployment(
  context: Context,
  created: Deployment,
  timeoutMs: number,
): Promise<Deployment> {
  const deadlineMs = context.terminal.nowMs() + timeoutMs;
  const seen = new Map<string, string>();
  let current = created;
  for (;;) {
    announce(context, current, seen);
    if (isAtItsEnd(current) || context.terminal.nowMs() > deadlineMs) return current;
    await context.terminal.sleep(cliLimits.deploymentPollMs);
    current = await look(context, current);
  }
}

async function look(context: Context, last: Deployment): Promise<Deployment> {
  const path = `/v1/deployments/${encodeURIComponent(last.id)}`;
  try {
    return await context.api.call({ method: "GET", path, answer: Deployment });
  } catch (error) {
    const isAway = error instanceof CliError && ["UNREACHABLE", "BROKEN_OFF"].includes(error.code);
    if (!isAway) throw error;
    return last;
  }
}

function announce(context: Context, deployment: Deployment, seen: Map<string, string>): void {
  for (const device of deployment.devices) {
    const state = device.step ?? device.status;
    if (seen.get(device.device) === state) continue;
    seen.set(device.device, state);
    const reason = device.code === null ? "" : `  ${device.code}: ${device.detail ?? ""}`;
    context.terminal.err(`${device.device}  ${state}${reason}\n`);
  }
}
