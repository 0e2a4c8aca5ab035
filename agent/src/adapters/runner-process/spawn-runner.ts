import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Duplex } from "node:stream";
import { runnerLimits } from "@modelfleet/protocol";
import { ReleaseRefused } from "../../domain/release-refused.ts";
import { withoutFolders } from "../../wire/without-folders.ts";

export interface RunnerProgram {
  readonly nodePath: string;
  readonly runnerPath: string;
  /** Working directory: empty, so that a model that names files beside itself finds none. */
  readonly folder: string;
  /** What its objects of JavaScript may take. */
  readonly heapMiB: number;
  /** Program and arguments that start Node; none is Node itself. */
  readonly launcher: readonly string[];
}

/** A process that has started; whoever gets it listens to it in the same turn. */
export interface StartedRunner {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly socket: Duplex;
}

/** Everything a runner may know of its surroundings (agent.md 1 and 10). */
const closedEnvironment = {
  ORT_DISABLE_TELEMETRY: "1",
  MALLOC_MMAP_THRESHOLD_: "131072",
  MALLOC_ARENA_MAX: "2",
};

const SUPERVISOR_FD = 3;

/** @throws ReleaseRefused INSUFFICIENT_MEMORY when the device has no process left to give, which passes; else RUNNER_CRASH */
export async function spawnRunner(runner: RunnerProgram): Promise<StartedRunner> {
  try {
    const child = startProcess(runner);
    // Rejects with what the system says of a process that it does not start; such a one has no pipes either.
    if (child.pid === undefined) await once(child, "spawn");
    return startedRunner(child);
  } catch (cause) {
    throw notStarted(cause);
  }
}

function startProcess(runner: RunnerProgram): ChildProcess {
  const { nodePath, runnerPath, folder, heapMiB, launcher } = runner;
  const flags = [`--max-old-space-size=${heapMiB}`, "--no-warnings"];
  const { frameBytesMax, frameHeaderBytesMax } = runnerLimits;
  const limits = JSON.stringify({ frameBytesMax, frameHeaderBytesMax });
  const [program, ...args] = [...launcher, nodePath, ...flags, runnerPath, limits];
  return spawn(program, args, {
    cwd: folder,
    env: closedEnvironment,
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  });
}

function startedRunner(child: ChildProcess): StartedRunner {
  const { pid } = child;
  const socket = child.stdio[SUPERVISOR_FD];
  if (pid !== undefined && socket instanceof Duplex) return { child, pid, socket };
  throw new TypeError("expected a process and a socket to it");
}

const shortages = ["EMFILE", "ENFILE", "EAGAIN", "ENOMEM"];

function notStarted(cause: unknown): unknown {
  if (!(cause instanceof Error) || !("code" in cause)) return cause;
  const isShort = shortages.some((code) => code === cause.code);
  return new ReleaseRefused(
    isShort ? "INSUFFICIENT_MEMORY" : "RUNNER_CRASH",
    `runner could not be started: ${withoutFolders(cause.message)}`,
    { cause },
  );
}
