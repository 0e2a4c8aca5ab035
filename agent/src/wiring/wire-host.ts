import { cpus, setPriority } from "node:os";
import { join } from "node:path";
import { processTable } from "../adapters/clock/process-table.ts";
import { systemClock } from "../adapters/clock/system-clock.ts";
import { isInstalled } from "../adapters/facts/installed-runtimes.ts";
import type { MachineFacts } from "../adapters/facts/machine-facts.ts";
import { scannedHost } from "../adapters/model-scan/scanned-host.ts";
import { inlineHost } from "../adapters/runner-inline/inline-host.ts";
import { processMemoryBytes } from "../adapters/runner-process/process-memory.ts";
import { RunnerProcessHost } from "../adapters/runner-process/runner-host.ts";
import type { TelemetrySpool } from "../app/telemetry-spool.ts";
import type { AgentConfig } from "../config.ts";
import { judgeOpset } from "../domain/install/judge-opset.ts";
import { RuntimeOrder } from "../loading/runtime-order.ts";
import type { FactsSource } from "../ports/facts-source.ts";
import type { Log } from "../ports/log.ts";
import type { RunnerHost } from "../ports/runner-host.ts";
import type { Machine } from "./agent-run.ts";

/** Where the runners of this agent have their folders. */
export function runFolderOf({ folder, runFolder }: AgentConfig): string {
  return runFolder ?? join(folder, "run");
}

/** What loads releases on this device. */
export function runnerHost(
  config: AgentConfig,
  machine: Machine,
  { log, facts }: { readonly log: Log; readonly facts: Pick<MachineFacts, "down"> },
): RunnerHost {
  const runtimes = new RuntimeOrder({
    isInstalled: (id) => id === "tfjs-node" && isInstalled("@tensorflow/tfjs-node"),
    onDown: (runtime, reason) => {
      facts.down(runtime);
      log.warn({ event: "runtime.unavailable", runtime, reason }, "another runtime is used");
    },
  });
  if (config.isolation === "inline") return inlineRunners(runtimes, log);
  return new RunnerProcessHost({
    nodePath: machine.nodePath,
    runnerPath: machine.runnerPath,
    runFolder: runFolderOf(config),
    cores: cpus().length,
    clock: systemClock,
    setPriority,
    processes: processTable,
    log,
    runtimes,
  });
}

/** agent.md 1: for devices with less than 128 MB, or models of microseconds. */
function inlineRunners(runtimes: RuntimeOrder, log: Log): RunnerHost {
  log.warn(
    { event: "agent.inline" },
    "releases run in the agent's own process: while one loads nobody is answered, and one that crashes ends the agent",
  );
  const memoryBytes = () => processMemoryBytes("self");
  return inlineHost({ cores: cpus().length, clock: systemClock, memoryBytes, runtimes });
}

/** A model file is looked into before any runtime is given it. */
export function scanned(host: RunnerHost, facts: FactsSource): RunnerHost {
  return scannedHost({ host, facts, judge: judgeOpset, clock: systemClock });
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
