import { cliLimits, Deployment, type DeploymentDevice } from "@modelfleet/protocol";
import { z } from "zod";
import { CliError } from "./cli-error.ts";
import type { Context } from "./context.ts";

const ENDED: readonly string[] = [
  "ineligible",
  "confirmed",
  "refused",
  "rolled-back",
  "superseded",
];

/** Each so many-th poll asks too whether the controller can speak to devices at all. */
const POLLS_PER_READINESS = 10;

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
  let trouble: string | undefined;
  for (let polls = 1; ; polls += 1) {
    announce(context, current, seen);
    if (isAtItsEnd(current) || context.terminal.nowMs() > deadlineMs) return current;
    await context.terminal.sleep(cliLimits.deploymentPollMs);
    current = await look(context, current);
    if (polls % POLLS_PER_READINESS === 0) trouble = await announceTrouble(context, trouble);
  }
}

/** @returns why the controller is not ready, as it says itself */
async function announceTrouble(
  context: Context,
  last: string | undefined,
): Promise<string | undefined> {
  const trouble = await context.api
    .call({ method: "GET", path: "/health/ready", answer: z.unknown() })
    .then(() => undefined, notReady);
  if (trouble === last) return last;
  const now = trouble === undefined ? "is ready again" : `is not ready: ${trouble}`;
  context.terminal.err(`the controller ${now}\n`);
  return trouble;
}

function notReady(error: unknown): string | undefined {
  const says = error instanceof CliError && error.problemCode === "NOT_READY";
  return says ? error.message : undefined;
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
