import type { Sha256 } from "@modelfleet/protocol";
import type { Fs } from "../../../../agent/src/ports/fs.ts";
import { checkFiles } from "./check-recovery.ts";
import { type CrashAgent, startCrashAgent } from "./crash-agent.ts";
import { crashFs } from "./crash-fs.ts";
import { type CrashWorld, crashWorld, enrolledTree } from "./crash-world.ts";
import type { Tree } from "./tree.ts";

/** Three releases and the orders for them, the same for every run. */
export type FaultWorld = {
  readonly world: CrashWorld;
  readonly start: Tree;
  readonly plan: readonly { readonly wanted: Sha256; readonly order: Uint8Array }[];
};

export async function faultWorld(): Promise<FaultWorld> {
  const world = crashWorld();
  const plan = ["1.0.0", "2.0.0", "3.0.0"].map((version) => {
    const wanted = world.publish(version, { bytes: 1_200 });
    return { wanted, order: world.order(wanted) };
  });
  return { world, start: await enrolledTree(world), plan };
}

/**
 * A device's life on a disk that fails: three releases are ordered, one after the other, and each order is repeated as the
 * controller does; then the disk heals, the last order is repeated, and the device restarts without network.
 *
 * @returns what does not hold: from the first confirmed release on something serves whenever one looks; the agent starts,
 * goes on, and in the end has the last release and exactly the files it needs
 */
export async function runWithFaults(
  { world, start, plan }: FaultWorld,
  through: (fs: Fs) => { readonly fs: Fs; readonly heal: () => void },
): Promise<readonly string[]> {
  const disk = crashFs(start, () => undefined);
  const { fs, heal } = through(disk.fs);
  const wrong: string[] = [];
  const agent = await startCrashAgent(fs, world);
  const look = (when: string) => {
    const { active } = agent.record.current().slots[0] ?? { active: null };
    if (active !== null && agent.serving() === undefined) wrong.push(`nothing serves ${when}`);
  };
  for (const { order } of plan) await orderTwice(agent, order, look);
  heal();
  const last = plan.at(-1);
  if (last === undefined) throw new TypeError("expected at least one order");
  await orderTwice(agent, last.order, look);
  if (agent.serving() !== last.wanted) wrong.push("the last release was not installed");
  if (agent.record.faults().length > 0) wrong.push("a healed disk is still called broken");
  wrong.push(...checkFiles(world, agent, disk.tree()));
  await agent.stop();
  if (agent.defect() !== undefined) wrong.push(`the agent ended: ${String(agent.defect())}`);
  return [...wrong, ...(await restartOffline(fs, world, last.wanted))];
}

const retryMs = 2_000;

async function orderTwice(
  agent: CrashAgent,
  order: Uint8Array,
  look: (when: string) => void,
): Promise<void> {
  for (const when of ["after an order", "after its repetition"]) {
    agent.deliver(order);
    await agent.settle(retryMs);
    look(when);
  }
}

async function restartOffline(fs: Fs, world: CrashWorld, wanted: Sha256): Promise<string[]> {
  const agent = await startCrashAgent(fs, world);
  agent.setOnline(false);
  await agent.settle();
  const serving = agent.serving();
  await agent.stop();
  return serving === wanted ? [] : ["the last release does not serve after a restart"];
}
