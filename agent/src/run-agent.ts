import { cpus, setPriority } from "node:os";
import { join } from "node:path";
import { httpBlobSource, httpMirror } from "./adapters/blob-http/http-blob-source.ts";
import { mirroredSource } from "./adapters/blob-http/mirrored-source.ts";
import { processTable } from "./adapters/clock/process-table.ts";
import { systemClock } from "./adapters/clock/system-clock.ts";
import { carriedDocuments, carriedFiles } from "./adapters/exchange-folder/carried-source.ts";
import { exchangeFolder, exchangePaths } from "./adapters/exchange-folder/exchange-folder.ts";
import { machineFacts } from "./adapters/facts/machine-facts.ts";
import { openFileOutbox } from "./adapters/file-outbox/file-outbox.ts";
import { nodeFs } from "./adapters/file-store/node-fs.ts";
import { startLocalApi } from "./adapters/local-api/local-api.ts";
import { createMqttBus } from "./adapters/mqtt-bus/mqtt-bus.ts";
import { RunnerProcessHost } from "./adapters/runner-process/runner-host.ts";
import { runnerMainPath } from "./adapters/runner-process/runner-main-path.ts";
import { sweepRunners } from "./adapters/runner-process/runner-records.ts";
import { ExchangeWatch } from "./app/exchange-watch.ts";
import { Installer } from "./app/install/installer.ts";
import { ReleaseShelf } from "./app/install/release-shelf.ts";
import { createReporter } from "./app/reporter.ts";
import { type RequestOutcome, TelemetrySpool } from "./app/telemetry-spool.ts";
import { TrustWatch } from "./app/trust-watch.ts";
import { Uplink } from "./app/uplink.ts";
import { brokerLogin } from "./broker-access.ts";
import type { AgentConfig } from "./config.ts";
import type { AgentStatus } from "./domain/agent-status.ts";
import { admit } from "./domain/install/admit.ts";
import { findTargetId } from "./domain/install/find-target.ts";
import { defaultProbation } from "./domain/install/probation.ts";
import { Router } from "./domain/serving/router.ts";
import { type DataFolder, openDataFolder, readProfileFile } from "./open-data-folder.ts";
import type { BlobSource } from "./ports/blob-source.ts";
import type { Log } from "./ports/log.ts";
import type { Outbox } from "./ports/outbox.ts";
import type { LoadedModel, RunnerHost } from "./ports/runner-host.ts";

/** What only the process knows about itself. */
export interface Machine {
  readonly nodePath: string;
  readonly nodeVersion: string;
  readonly glibcVersion: string | undefined;
  readonly agentVersion: string;
  /** When this program was built, where that is known. */
  readonly builtAtMs?: number | undefined;
}

export interface AgentRun {
  readonly config: AgentConfig;
  readonly machine: Machine;
  readonly log: Log;
}

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
    await sweepRunners(processTable, runFolderOf(run.config));
    const outbox = await openFileOutbox({
      fs: nodeFs,
      write: folder.write,
      folder: join(run.config.folder, "outbox"),
      boot: folder.record.current().boot,
      nowMs: systemClock.nowMs,
    });
    await runParts(run, wire(run, folder, outbox), signal);
  } finally {
    await folder.lock.release();
  }
}

type Parts = ReturnType<typeof wire>;

async function runParts(run: AgentRun, parts: Parts, signal: AbortSignal): Promise<void> {
  const { installer, uplink, spool, router, status, loading, watch, report, carried } = parts;
  const { socketPath, tcpPort } = run.config;
  const api = await startLocalApi({
    models: router,
    loading,
    socketPath,
    ...(tcpPort === undefined ? {} : { tcpPort }),
    status,
    agentVersion: run.machine.agentVersion,
    // One request that meets a defect of ours must not take the model from all the others.
    onDefect: (cause) => logDefect(run.log, cause),
  });
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
    watch.run(report, stop.signal),
    carried.run(target.deliver, stop.signal),
    parts.keep(stop.signal),
  ];
  run.log.info(
    { event: "agent.ready", device: parts.device, socketPath, tcpPort: api.tcpPort },
    "agent is ready",
  );
  try {
    await Promise.race([...all, aborted(signal)]);
  } finally {
    await api[Symbol.asyncDispose]();
    stop.abort();
    await Promise.all(all);
    run.log.info({ event: "agent.stopped" }, "agent has stopped");
  }
}

function wire({ config, machine, log }: AgentRun, folder: DataFolder, outbox: Outbox) {
  const { enrolment, signer, store, record } = folder;
  const { device } = enrolment;
  const clock = systemClock;
  const { agentVersion } = machine;
  const at = { class: enrolment.class, folder: config.folder, targetOf: findTargetId };
  const facts = machineFacts({ ...machine, ...at });
  const login = brokerLogin(folder, config.mqttTls, { clock, log });
  const bus = createMqttBus({ ...login.access, clock, log, boot: record.current().boot });
  const watch = new TrustWatch(clock, log);
  const owner = { device, signer, outbox, record, clock, log, watch };
  const uplink = new Uplink({ ...owner, agentVersion, bus, facts });
  const stored = () => uplink.stored();
  const spool = new TelemetrySpool({
    ...owner,
    windowMs: config.windowMs,
    readJson: readProfileFile,
    stored,
  });
  const router = new Router<LoadedModel>({
    clock,
    observer: (outcome: RequestOutcome) => spool.observe(outcome),
    observed: (release) => spool.tensorsOf(release),
  });
  const source = blobSource(folder, config, log);
  const carried = new ExchangeWatch({
    exchange: exchangeFolder(config.folder, nodeFs.remove),
    ...{ clock, log },
  });
  const report = createReporter({ ...owner, slots: () => installer.slots(), stored });
  const installer: Installer = new Installer(
    {
      ...{ record, store, source, facts, clock, log, admit },
      shelf: new ReleaseShelf({ record, deviceClass: enrolment.class, store, source }),
      host: profiled(runnerHost(config, machine), spool),
      serving: router,
      report,
      rules: { ...defaultProbation, confirmMs: config.confirmMs },
      nonces: () => [uplink.nonce(), carried.nonce()].filter((nonce) => nonce !== null),
      answered: (nonce) => {
        uplink.answered(nonce);
        carried.answered(nonce);
      },
      needHello: () => uplink.needHello(),
      rootAdopted: () => uplink.sayHello(),
      refused: (refusal) => watch.refused(refusal),
    },
    folder.wanted,
  );
  const status = (): AgentStatus => ({
    ...statusOf(folder, agentVersion, outbox.dropped()),
    slots: installer.slots(),
    agent: "running",
    stale: watch.isStale(),
    connected: bus.connected(),
  });
  const loading = () => loadingOf(installer, router);
  return {
    ...{ device, keep: login.keep, installer, uplink, spool, router },
    ...{ status, loading, watch, report, carried },
  };
}

/** Releases whose runner is not there yet. */
function loadingOf(installer: Installer, router: Router<LoadedModel>) {
  return installer.slots().flatMap(({ slot, active }) => {
    return active === null || router.active(slot) !== undefined ? [] : [active];
  });
}

function blobSource({ enrolment }: DataFolder, config: AgentConfig, log: Log): BlobSource {
  const { mirrorUrl } = config;
  const { controllerUrl, device, secret } = enrolment;
  const clock = systemClock;
  const { bundle } = exchangePaths(config.folder);
  const controller = httpBlobSource({ controllerUrl, device, secret, clock });
  const parts = { clock, log };
  const network =
    mirrorUrl === undefined
      ? controller
      : mirroredSource({ controller, mirror: httpMirror({ mirrorUrl, clock }), ...parts });
  const documents = carriedDocuments(bundle, network);
  return mirroredSource({ controller: documents, mirror: carriedFiles(bundle), ...parts });
}

function runFolderOf({ folder }: AgentConfig): string {
  return join(folder, "run");
}

function runnerHost(config: AgentConfig, machine: Machine): RunnerHost {
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
function profiled(host: RunnerHost, spool: TelemetrySpool): RunnerHost {
  return {
    load: async (staged, signal) => {
      await spool.prepare(staged);
      return host.load(staged, signal);
    },
  };
}

function logDefect(log: Log, cause: unknown): void {
  const stack = cause instanceof Error ? cause.stack : undefined;
  log.error({ event: "agent.defect", stack }, "a defect in the agent; please report it");
}

function statusOf(
  { enrolment, record }: Pick<DataFolder, "enrolment" | "record">,
  agentVersion: string,
  dropped: number,
) {
  const { device, fleet, class: deviceClass, controllerUrl } = enrolment;
  const { boot, seq, rootVersion } = record.current();
  const named = { device, fleet, class: deviceClass, controllerUrl };
  return { ...named, agentVersion, boot, desiredSeq: seq, rootVersion, dropped };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
