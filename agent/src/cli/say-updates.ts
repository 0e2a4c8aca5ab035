import { resolve } from "node:path";
import { updateLockLimits } from "@modelfleet/protocol";
import { processTable } from "../adapters/clock/process-table.ts";
import { systemClock } from "../adapters/clock/system-clock.ts";
import { fileIdentity } from "../adapters/file-store/file-identity.ts";
import { lockFolder } from "../adapters/file-store/folder-lock.ts";
import { nodeFs } from "../adapters/file-store/node-fs.ts";
import { updateLockFile } from "../adapters/file-store/update-lock-file.ts";
import { AgentError } from "../client/agent-error.ts";
import { type AgentClient, connect } from "../client/connect.ts";
import { socketPathOf } from "../config.ts";
import { createWriter, notEnrolled } from "../open-data-folder.ts";
import type { UpdateLockStore } from "../ports/update-lock.ts";
import { findAgent } from "./read-status.ts";
import type {
  AgentOptions,
  DenyAnswer,
  DenyOptions,
  LockAnswer,
  LockOptions,
} from "./update-commands.ts";

/** Also while no agent runs: it finds the lock at its start. @throws StoreError, AgentError */
export async function lockUpdates(options: LockOptions): Promise<LockAnswer> {
  const { reason = "" } = options;
  refuseLong(reason);
  const isRunning = await toAgent(options, (agent) => agent.lockUpdates({ reason }));
  const sinceMs = systemClock.nowMs();
  if (!isRunning) await toFolder(options, (store) => store.keep({ reason, sinceMs }));
  return { locked: true, agent: isRunning ? "running" : "stopped" };
}

/** A stopped agent has nobody to refuse it. */
function refuseLong({ length }: string): void {
  const { reasonLengthMax } = updateLockLimits;
  if (length <= reasonLengthMax) return;
  throw new AgentError(
    "FORMAT",
    `--reason: expected a text of at most ${reasonLengthMax} characters, got ${length}`,
  );
}

/** The same the other way. @throws StoreError, AgentError */
export async function unlockUpdates(options: AgentOptions): Promise<LockAnswer> {
  const isRunning = await toAgent(options, (agent) => agent.unlockUpdates());
  if (!isRunning) await toFolder(options, (store) => store.remove());
  return { locked: false, agent: isRunning ? "running" : "stopped" };
}

/** Whatever waits for the slot at this moment. @throws AgentError NOT_FOUND when nothing waits */
export async function denyWaiting(options: DenyOptions): Promise<DenyAnswer> {
  const { slot, reason } = options;
  let denied = "";
  const isRunning = await toAgent(options, async (agent) => {
    const { waiting } = await agent.deferred({ slot });
    if (waiting === null) {
      throw new AgentError("NOT_FOUND", `expected a release that waits for slot ${slot}, got none`);
    }
    denied = waiting.release;
    await agent.deny(denied, { slot, ...(reason === undefined ? {} : { reason }) });
  });
  if (isRunning) return { slot, denied };
  throw new AgentError("UNREACHABLE", `expected the running agent of ${options.data}, got none`);
}

/** @returns false when no agent of this folder answers; then nothing was said */
async function toAgent(
  options: AgentOptions,
  say: (agent: AgentClient) => Promise<unknown>,
): Promise<boolean> {
  const found = await findAgent(resolve(options.data), socketPathOf(options));
  if (found === undefined) return false;
  using agent = connect({ socketPath: found.socketPath });
  await say(agent);
  return true;
}

/** For this process alone: an agent that starts meanwhile must not miss it. @throws StoreError LOCKED | NOT_ENROLLED */
async function toFolder(
  options: AgentOptions,
  change: (store: UpdateLockStore) => Promise<void>,
): Promise<void> {
  const folder = resolve(options.data);
  const write = createWriter();
  const enrolled = await fileIdentity({ fs: nodeFs, folder, write }).enrolment();
  if (enrolled === undefined) throw notEnrolled(folder);
  const lock = await lockFolder(nodeFs, folder, processTable);
  try {
    await change(updateLockFile({ fs: nodeFs, folder, write }));
  } finally {
    await lock.release();
  }
}
