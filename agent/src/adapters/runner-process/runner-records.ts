import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Processes of this machine, as far as leftover runners need them. */
export interface RunnerProcesses {
  /** The same for a process all its life, another for a later one with its pid; undefined when it is gone. */
  readonly identityOf: (pid: number) => Promise<string | undefined>;
  /** undefined when it cannot be known. */
  readonly workingFolderOf: (pid: number) => Promise<string | undefined>;
  /** SIGKILL. */
  readonly kill: (pid: number) => void;
}

const ENDING = ".pid";
/** Digits of a release, and a number. */
const RUNNER_FOLDER = /^[0-9a-f]{16}-\d+$/;

/** Beside the runner's folder, so that the next start of the agent finds a runner that outlived this one. */
export async function recordRunner(
  processes: RunnerProcesses,
  folder: string,
  pid: number,
): Promise<void> {
  const identity = (await processes.identityOf(pid)) ?? "";
  await writeFile(`${folder}${ENDING}`, `${pid} ${identity}\n`, { mode: 0o600 });
}

export async function forgetRunner(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await rm(`${folder}${ENDING}`, { force: true });
}

/**
 * Ends the runners that a killed agent left: one that hangs in native code does not notice that its supervisor is gone.
 * Only the process that was started there is ended: it has the pid, the start and the working folder of the record.
 * The caller holds the data folder's lock, so none of them is in use.
 */
export async function sweepRunners(processes: RunnerProcesses, runFolder: string): Promise<void> {
  const names: readonly string[] = await readdir(runFolder).catch(() => []);
  // Made, but not recorded: the agent was killed in between. Whoever runs there ends with its pipe.
  for (const name of names.filter((found) => RUNNER_FOLDER.test(found))) {
    if (names.includes(`${name}${ENDING}`)) continue;
    await forgetRunner(join(runFolder, name)).catch(() => undefined);
  }
  for (const name of names.filter((found) => found.endsWith(ENDING))) {
    const folder = join(runFolder, name.slice(0, -ENDING.length));
    const [pid, identity] = await readRecord(join(runFolder, name)).catch(unreadable);
    if (await isOurs(processes, { pid, identity, folder })) processes.kill(pid);
    // A disk that takes nothing keeps the record of a process that is gone.
    await forgetRunner(folder).catch(() => undefined);
  }
}

async function readRecord(path: string): Promise<readonly [number, string]> {
  const [pid = "", identity = ""] = (await readFile(path, "utf8")).trim().split(" ");
  return [/^\d{1,10}$/.test(pid) ? Number(pid) : 0, identity];
}

function unreadable(): readonly [number, string] {
  return [0, ""];
}

async function isOurs(
  processes: RunnerProcesses,
  record: { readonly pid: number; readonly identity: string; readonly folder: string },
): Promise<boolean> {
  const { pid, identity, folder } = record;
  if (pid <= 1 || identity === "" || (await processes.identityOf(pid)) !== identity) return false;
  return (await processes.workingFolderOf(pid)) === folder;
}
