import { type CrashAgent, startCrashAgent } from "./crash-agent.ts";
import { crashFs } from "./crash-fs.ts";
import { CrashImage } from "./crash-image.ts";
import type { Believed, Recording } from "./install-workload.ts";
import type { Tree } from "./tree.ts";

const settleMs = 2_000;

/**
 * The next start after a power cut, itself recorded: the power fails before the operation of that number and takes all with
 * it that was not synced; then the agent starts and follows the newest order to its end.
 */
export async function recordRecovery(
  { world, run }: Recording,
  before: number,
): Promise<Recording> {
  const { note } = run.journal[before] ?? { note: run.end };
  const { state, ...told } = note;
  const start = lostTree({ world, run }, before);
  const started: CrashAgent[] = [];
  const current = () => started[0]?.record.current() ?? state;
  const disk = crashFs(start, (): Believed => ({ ...told, state: current() }));
  const agent = await startCrashAgent(disk.fs, world);
  started.push(agent);
  if (told.order !== undefined) agent.deliver(told.order);
  await agent.settle(settleMs);
  const end: Believed = { ...told, state: agent.record.current() };
  const recovery = { start, journal: [...disk.journal], end };
  await agent.stop();
  return { world, run: recovery };
}

function lostTree({ run }: Recording, before: number): Tree {
  const image = new CrashImage(run.start);
  for (const { operation } of run.journal.slice(0, before)) image.apply(operation);
  const choices = image.choices();
  return image.tree(
    choices,
    choices.map(() => 0),
  );
}
