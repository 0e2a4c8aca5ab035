import { cliLimits, Deployment } from "@modelfleet/protocol";
import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";

const TERMINAL: readonly string[] = [
  "ineligible",
  "confirmed",
  "refused",
  "rolled-back",
  "superseded",
];

/**
 * Polls a deployment until each device has come to an end, and says on the error stream what changed.
 *
 * @throws CliError TIMEOUT naming the devices still under way; they go on without us
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
    const waiting = current.devices.filter((device) => !TERMINAL.includes(device.status));
    if (waiting.length === 0) return current;
    if (context.terminal.nowMs() > deadlineMs) {
      throw new CliError(
        "TIMEOUT",
        `after ${timeoutMs} ms still under way on ${waiting.map((device) => device.device).join(", ")}; follow with "modelfleet device show ID"`,
      );
    }
    await context.terminal.sleep(cliLimits.deploymentPollMs);
    const path = `/v1/deployments/${encodeURIComponent(created.id)}`;
    current = await context.api.call({ method: "GET", path, answer: Deployment });
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
