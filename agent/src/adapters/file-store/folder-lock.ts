import { join } from "node:path";
import { StoreError } from "../../domain/store-error.ts";
import type { Fs } from "../../ports/fs.ts";
import { systemCode } from "./store-failure.ts";
import { readWhole, withFile, writeAll } from "./whole-file.ts";

/** Processes of this machine, as far as a lock needs them. */
export interface ProcessTable {
  readonly ownPid: number;
  /** Something that is the same for a process all its life and differs for another with the same pid; undefined when it is gone. */
  readonly identityOf: (pid: number) => Promise<string | undefined>;
}

export interface FolderLock {
  readonly release: () => Promise<void>;
}

const takeoversMax = 3;

/**
 * One agent on one data folder. The lock names its owner, so one left by a killed agent is recognised and taken over.
 *
 * @throws StoreError LOCKED, naming the process that holds it
 */
export async function lockFolder(
  fs: Fs,
  folder: string,
  processes: ProcessTable,
): Promise<FolderLock> {
  const path = join(folder, "run", "lock");
  await fs.makeFolder(join(folder, "run"), 0o700);
  const own = `${processes.ownPid} ${(await processes.identityOf(processes.ownPid)) ?? ""}\n`;
  for (let attempt = 0; attempt < takeoversMax; attempt++) {
    if (await create(fs, path, own)) return { release: () => fs.remove(path) };
    await removeStale(fs, path, processes);
  }
  throw new StoreError("LOCKED", `expected ${folder} to be free, another agent is taking it`);
}

async function create(fs: Fs, path: string, text: string): Promise<boolean> {
  const mode = { kind: "create-new", permissions: 0o600 } as const;
  try {
    await withFile(fs, path, mode, (file) => writeAll(file, new TextEncoder().encode(text), 0));
    return true;
  } catch (cause) {
    if (systemCode(cause) === "EEXIST") return false;
    throw cause;
  }
}

async function removeStale(fs: Fs, path: string, processes: ProcessTable): Promise<void> {
  const held = await readText(fs, path);
  const [pidText = "", identity = ""] = held.trim().split(" ");
  const pid = Number(pidText);
  const alive = Number.isInteger(pid) && pid > 0 ? await processes.identityOf(pid) : undefined;
  if (alive !== undefined && alive === identity) {
    const way = "stop it or use another --data folder";
    throw new StoreError(
      "LOCKED",
      `the data folder is in use by the agent with pid ${pid}; ${way}`,
    );
  }
  // Moved aside first: of two agents that find the same stale lock, only one moves it, and sees which one it moved.
  const aside = `${path}.${processes.ownPid}.stale`;
  await fs.rename(path, aside).catch(ignoreAbsent);
  if ((await readText(fs, aside)) !== held) await fs.rename(aside, path).catch(ignoreAbsent);
  await fs.remove(aside);
}

async function readText(fs: Fs, path: string): Promise<string> {
  const bytes = await readWhole(fs, path, 1024).catch(() => undefined);
  return new TextDecoder().decode(bytes ?? new Uint8Array());
}

function ignoreAbsent(cause: unknown): void {
  if (systemCode(cause) !== "ENOENT") throw cause;
}
