import { join } from "node:path";
import type { SlotName } from "@modelfleet/protocol";
import { processTable } from "./adapters/clock/process-table.ts";
import { systemClock } from "./adapters/clock/system-clock.ts";
import { openFileOutbox } from "./adapters/file-outbox/file-outbox.ts";
import { openFileShelf } from "./adapters/file-shelf/file-shelf.ts";
import { nodeFs } from "./adapters/file-store/node-fs.ts";
import { sweepRunners } from "./adapters/runner-process/runner-records.ts";
import { openDataFolder } from "./open-data-folder.ts";
import type { Log } from "./ports/log.ts";
import type { AgentRun } from "./wiring/agent-run.ts";
import { openLocalApi } from "./wiring/open-local-api.ts";
import { untilAborted } from "./wiring/until-aborted.ts";
import { wireAgent } from "./wiring/wire-agent.ts";
import { runFolderOf } from "./wiring/wire-host.ts";

/**
 * Wires one agent and runs it until the signal aborts: then the local API closes first, so that its last requests
 * are answered, then the runners end, and what is owed stays in the outbox.
 *
 * @throws StoreError when the folder cannot be used; any defect of ours, after everything is closed
 */
export async function runAgent(run: AgentRun, signal: AbortSignal): Promise<void> {
  const folder = await openDataFolder(run.config.folder, {
    log: run.log,
    builtAtMs: run.machine.builtAtMs,
  });
  try {
    const config = { ...run.config, runFolder: folder.runFolder };
    for (const left of new Set([runFolderOf(run.config), folder.runFolder])) {
      await sweepRunners(processTable, left);
    }
    const outbox = await openFileOutbox({
      fs: nodeFs,
      write: folder.write,
      folder: join(run.config.folder, "outbox"),
      boot: folder.record.current().boot,
      nowMs: systemClock.nowMs,
    });
    const windowShelf = await openFileShelf({
      ...{ fs: nodeFs, write: folder.write },
      path: join(run.config.folder, "outbox", "shelf"),
    });
    const owed = { outbox, windowShelf };
    await runParts({ ...run, config }, wireAgent({ ...run, config }, folder, owed), signal);
  } finally {
    await folder.release();
  }
}

type Parts = ReturnType<typeof wireAgent>;

async function runParts(run: AgentRun, parts: Parts, signal: AbortSignal): Promise<void> {
  const { installer, uplink, spool, models, status, loading, watch, report, carried } = parts;
  const { socketPath, tcpPort } = run.config;
  const options = {
    models,
    loading,
    socketPath,
    ...(tcpPort === undefined ? {} : { tcpPort }),
    status,
    repository: parts.telling.repository,
    metrics: parts.telling.metrics,
    labels: parts.feedback.labels,
    naming: parts.feedback.naming,
    holds: parts.deferrals,
    locks: parts.locks,
    hasSlot: (slot: SlotName) => installer.slots().some((held) => held.slot === slot),
    agentVersion: run.machine.agentVersion,
    // One request that meets a defect of ours must not take the model from all the others.
    onDefect: (cause: unknown) => logDefect(run.log, cause),
  };
  await spool.open();
  const place = { runFolder: runFolderOf(run.config), log: run.log };
  const api = await openLocalApi(options, place);
  const stop = new AbortController();
  const target = {
    deliver: (bytes: Uint8Array) => installer.deliver(bytes),
    slots: () => installer.slots(),
    wanted: () => installer.wanted(),
  };
  const all = [
    installer.run(stop.signal),
    uplink.run(target, stop.signal),
    spool.run(stop.signal),
    parts.feedback.labels.run(stop.signal),
    parts.feedback.captures.run(stop.signal),
    watch.run(report, stop.signal),
    carried.run(target.deliver, stop.signal),
    parts.keep(stop.signal),
    parts.binding.run(stop.signal),
  ];
  run.log.info(
    {
      ...{ event: "agent.ready", device: parts.device },
      ...{ socketPath: api.socketPath, tcpPort: api.tcpPort },
    },
    "agent is ready",
  );
  try {
    await Promise.race([...all, untilAborted(signal)]);
  } finally {
    await api[Symbol.asyncDispose]();
    parts.feedback.labels.flush();
    stop.abort();
    await Promise.all(all);
    run.log.info({ event: "agent.stopped" }, "agent has stopped");
  }
}

function logDefect(log: Log, cause: unknown): void {
  const stack = cause instanceof Error ? cause.stack : undefined;
  log.error({ event: "agent.defect", stack }, "a defect in the agent; please report it");
}
