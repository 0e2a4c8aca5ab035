import { mainSlot } from "@modelfleet/protocol";
import type { AgentState } from "../../../../agent/src/domain/install/agent-state.ts";
import { slotOf } from "../../../../agent/src/domain/install/agent-state.ts";
import { type CrashAgent, startCrashAgent } from "./crash-agent.ts";
import { crashFs } from "./crash-fs.ts";
import { type CrashWorld, dataFolder } from "./crash-world.ts";
import type { CrashState } from "./explore.ts";
import type { Believed } from "./install-workload.ts";
import { filesOf, type Tree, treeKey } from "./tree.ts";

/**
 * Starts an agent on what a power cut left and holds it to store.md 5:
 *
 * - I1 a release that was confirmed serves again, or the one after it whose confirmation was under way;
 * - I2 neither the sequence, nor a floor, nor the version of the root is lower than was committed;
 * - I3 no runner is given a file or a document that is not exactly as published;
 * - I4 all of that without any network;
 * - I5 with the network back, the newest order is followed to its end, and then exactly the files are on disk that the
 *   state needs.
 *
 * @returns what does not hold
 */
export function recoveryCheck(world: CrashWorld) {
  const finished = new Set<string>();
  /** Starts that left the same disk behind go on the same way. */
  const isNew = (tree: Tree, { wanted }: Believed) => {
    const { size } = finished;
    finished.add(`${wanted} ${treeKey(tree)}`);
    return finished.size > size;
  };
  return (state: CrashState<Believed>) => checkStart(world, state, isNew);
}

async function checkStart(
  world: CrashWorld,
  { tree, note }: CrashState<Believed>,
  isNew: (tree: Tree, note: Believed) => boolean,
): Promise<readonly string[]> {
  const disk = crashFs(tree, () => undefined);
  const wrong: string[] = [];
  let agent: CrashAgent;
  try {
    agent = await startCrashAgent(disk.fs, world);
  } catch (cause) {
    return [`I1: the agent does not start: ${String(cause)}`];
  }
  try {
    agent.setOnline(false);
    await agent.settle();
    wrong.push(...checkState(agent, note), ...checkServing(agent, note));
    if (isNew(disk.tree(), note)) {
      agent.setOnline(true);
      if (note.order !== undefined) agent.deliver(note.order);
      await agent.settle(settleMs);
      wrong.push(...checkEnd(agent, note), ...checkFiles(world, agent, disk.tree()));
    }
  } finally {
    await agent.stop();
  }
  // A runner that is given what nobody published throws a TypeError, which ends the loop.
  if (agent.defect() !== undefined) wrong.push(`I3: ${String(agent.defect())}`);
  return wrong;
}

const settleMs = 2_000;

function checkState(agent: CrashAgent, { state }: Believed): string[] {
  if (state === undefined) return [];
  const found = agent.record.current();
  const floors = state.floors.filter(
    ({ model, securityVersion }) =>
      (found.floors.find((floor) => floor.model === model)?.securityVersion ?? 0) < securityVersion,
  );
  return [
    ...(agent.events.some(({ event }) => event === "state.lost") ? ["I2: the state is lost"] : []),
    ...(found.seq < state.seq ? [`I2: sequence ${found.seq} after ${state.seq}`] : []),
    ...(found.rootVersion < state.rootVersion ? [`I2: root ${found.rootVersion}`] : []),
    ...(found.boot <= state.boot ? [`I2: boot ${found.boot} after ${state.boot}`] : []),
    ...floors.map(({ model }) => `I2: the floor of ${model} fell`),
  ];
}

/** What was active, or what the next commit may have made active already. */
function checkServing(agent: CrashAgent, { state, wanted }: Believed): string[] {
  const active = state === undefined ? null : slotOf(state, mainSlot).active;
  if (active === null) return [];
  const serving = agent.serving();
  if (serving !== undefined && (serving === active.release || serving === wanted)) return [];
  return [`I1, I4: expected ${active.version} to serve without network, got ${serving ?? "none"}`];
}

function checkEnd(agent: CrashAgent, { wanted }: Believed): string[] {
  if (wanted === undefined) return [];
  const { active, trial } = slotOf(agent.record.current(), mainSlot);
  const isDone = active?.release === wanted && trial === null && agent.serving() === wanted;
  return isDone ? [] : [`I5: the install was not finished: ${JSON.stringify(agent.reported)}`];
}

export function checkFiles(world: CrashWorld, agent: CrashAgent, tree: Tree): string[] {
  const needed = neededFiles(world, agent.record.current());
  const paths = [...filesOf(tree).keys()].map((path) => path.slice(dataFolder.length));
  // Without a lock, as on a disk that took none at the start, nothing is missing.
  const found = new Set(paths.filter((path) => path !== "/run/lock"));
  return [
    ...[...found].filter((path) => !needed.has(path)).map((path) => `I5: left over: ${path}`),
    ...[...needed].filter((path) => !found.has(path)).map((path) => `I5: missing: ${path}`),
  ];
}

/** Every file of a data folder whose state is this. */
function neededFiles(world: CrashWorld, state: AgentState): ReadonlySet<string> {
  const held = state.slots.flatMap(({ active, previous, trial }) => [active, previous, trial]);
  const releases = held.filter((one) => one !== null).map(({ release }) => release);
  const root = state.rootSha256 === world.anchor.sha256 ? [] : [state.rootSha256];
  const desired = state.desiredSha256 === null ? [] : [state.desiredSha256];
  const documents = [...root, ...desired, ...releases];
  const blobs = releases.flatMap((release) => world.filesOf(release));
  return new Set([
    ...["/identity/device.seed", "/identity/enrolment.json", "/trust/anchor.json"],
    ...["/state/a", "/state/b"],
    ...documents.map((digest) => `/docs/${digest}.json`),
    ...blobs.map((digest) => `/blobs/${digest}`),
  ]);
}
