import { execFile } from "node:child_process";
import { access, constants } from "node:fs/promises";

/**
 * How this system holds a runner down, beside its empty environment and its watched memory:
 *
 * - `launcher` goes before the program: it may gain no rights (no_new_privs) and ends with its supervisor, whatever
 *   it hangs in.
 * - `limitMemory` sets what it may allocate (RLIMIT_DATA) and forbids core dumps; undefined where nothing can.
 */
export interface Confinement {
  readonly launcher: readonly string[];
  readonly limitMemory: ((pid: number, bytesMax: number) => Promise<boolean>) | undefined;
}

/** Nothing but Node: what every system has. */
export const unconfined: Confinement = { launcher: [], limitMemory: undefined };

const FOLDERS = ["/usr/bin", "/bin", "/usr/local/bin", "/run/current-system/sw/bin"];
const LAUNCHES: readonly (readonly string[])[] = [
  ["--no-new-privs", "--pdeathsig", "KILL", "--"],
  // BusyBox knows no more.
  ["--nnp", "--"],
];
const TOOL_MS_MAX = 2_000;

/** Tries the programs that systems bring for it (util-linux); what does not work here is left out. */
export async function findConfinement(folders: readonly string[] = FOLDERS): Promise<Confinement> {
  const [setpriv, prlimit, probe] = await Promise.all(
    ["setpriv", "prlimit", "true"].map((name) => findProgram(folders, name)),
  );
  const launcher =
    setpriv === undefined || probe === undefined ? [] : await findLauncher(setpriv, probe);
  if (prlimit === undefined) return { launcher, limitMemory: undefined };
  return {
    launcher,
    limitMemory: (pid, bytesMax) =>
      succeeds(prlimit, ["--pid", String(pid), `--data=${bytesMax}`, "--core=0"]),
  };
}

async function findLauncher(setpriv: string, probe: string): Promise<readonly string[]> {
  for (const flags of LAUNCHES) {
    if (await succeeds(setpriv, [...flags, probe])) return [setpriv, ...flags];
  }
  return [];
}

async function findProgram(folders: readonly string[], name: string): Promise<string | undefined> {
  for (const folder of folders) {
    const path = `${folder}/${name}`;
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}

function succeeds(program: string, args: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: TOOL_MS_MAX, env: {} }, (error) => resolve(error === null));
  });
}
