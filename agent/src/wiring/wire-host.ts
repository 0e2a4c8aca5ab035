import { cpus, setPriority } from "node:os";
import { join } from "node:path";
import { processTable } from "../adapters/clock/process-table.ts";
import { systemClock } from "../adapters/clock/system-clock.ts";
import { RunnerProcessHost } from "../adapters/runner-process/runner-host.ts";
import { runnerMainPath } from "../adapters/runner-process/runner-main-path.ts";
import type { TelemetrySpool } from "../app/telemetry-spool.ts";
import type { AgentConfig } from "../config.ts";
import type { RunnerHost } from "../ports/runner-host.ts";
import type { Machine } from "./agent-run.ts";

/** Where the runners of this agent have their folders. */
export function runFolderOf({ folder }: AgentConfig): string {
  return join(folder, "run");
}

/** What loads releases on this device. */
export function runnerHost(config: AgentConfig, machine: Machine): RunnerHost {
  return new RunnerProcessHost({
    nodePath: machine.nodePath,
    runnerPath: runnerMainPath(),
    runFolder: runFolderOf(config),
    cores: cpus().length,
    clock: systemClock,
    setPriority,
    processes: processTable,
  });
}

/** A release's reference profile is read before its first answer is measured. */
export function profiled(host: RunnerHost, spool: TelemetrySpool): RunnerHost {
  return {
    load: async (staged, signal, purpose) => {
      await spool.prepare(staged);
      return host.load(staged, signal, purpose);
    },
  };
}
