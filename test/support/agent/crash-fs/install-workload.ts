import type { Sha256 } from "@modelfleet/protocol";
import type { AgentState } from "../../../../agent/src/domain/install/agent-state.ts";
import type { Fs } from "../../../../agent/src/ports/fs.ts";
import { type CrashAgent, startCrashAgent } from "./crash-agent.ts";
import { crashFs } from "./crash-fs.ts";
import { type CrashWorld, crashWorld, enrolledTree } from "./crash-world.ts";
import type { Run } from "./explore.ts";

/** What a device had been told, and had said, at one moment of a run. */
export type Believed = {
  /** The last state whose commit was reported to have succeeded. */
  readonly state: AgentState | undefined;
  /** The newest order the controller has given. */
  readonly order: Uint8Array | undefined;
  readonly wanted: Sha256 | undefined;
};

export type Recording = { readonly world: CrashWorld; readonly run: Run<Believed> };

/**
 * The life of a device that the recordings are of: it was enrolled, and the power failed at once; the first start, release
 * 1 installed and confirmed; a restart; release 2 downloaded, tried and confirmed, 1 kept as the previous one; a new
 * root; release 3 installed, which collects 1.
 *
 * @param through what lies between the agent and the disk; nothing when it is absent
 */
export async function recordInstalls(through: (fs: Fs) => Fs = (fs) => fs): Promise<Recording> {
  const world = crashWorld();
  const start = await enrolledTree(world);
  let believed: Omit<Believed, "state"> = { order: undefined, wanted: undefined };
  let agent: CrashAgent | undefined;
  const note = (): Believed => ({ ...believed, state: agent?.record.current() });
  const disk = crashFs(start, note);
  const fs = through(disk.fs);

  const install = async (running: CrashAgent, version: string) => {
    const wanted = world.publish(version, { bytes: 1_200 });
    const order = world.order(wanted);
    believed = { order, wanted };
    running.deliver(order);
    await running.settle(installMs);
    if (running.serving() !== wanted) throw new Error(`expected ${version} to be installed`);
  };

  agent = await startCrashAgent(fs, world);
  await install(agent, "1.0.0");
  await agent.stop();
  agent = await startCrashAgent(fs, world);
  await install(agent, "2.0.0");
  world.rotate();
  await install(agent, "3.0.0");
  const run: Run<Believed> = { start, journal: [...disk.journal], end: note() };
  await agent.stop();
  return { world, run };
}

const installMs = 2_000;
