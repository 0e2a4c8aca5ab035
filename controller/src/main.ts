import { join, resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { type ApiKeyCreated, apiLimits } from "@modelfleet/protocol";
import { openBlobFolder } from "./adapters/blob-folder/blob-folder.ts";
import { cronerCalendar } from "./adapters/calendar/croner-calendar.ts";
import { systemClock } from "./adapters/clock/system-clock.ts";
import { lockDataFolder } from "./adapters/data-folder/lock-data-folder.ts";
import { measureEventLoopLag } from "./adapters/metrics/event-loop-lag.ts";
import { metricsText } from "./adapters/metrics/metrics-text.ts";
import { openOidc } from "./adapters/oidc/open-oidc.ts";
import { otlpSink } from "./adapters/otlp-http/otlp-sink.ts";
import { openDatabase } from "./adapters/sql/open-database.ts";
import { webhookSender } from "./adapters/webhook-http/webhook-sender.ts";
import { adminKeyLine } from "./admin-key-line.ts";
import { MakeAdminKey } from "./app/access/make-admin-key.ts";
import { ForgetEvents } from "./app/events/forget-events.ts";
import { ExportCells } from "./app/export/export-cells.ts";
import { ForgetTelemetry } from "./app/ingest/forget-telemetry.ts";
import { RecoverStores } from "./app/recover-stores.ts";
import { WatchRootExpiry } from "./app/root/watch-root-expiry.ts";
import { Closers } from "./closers.ts";
import { compose } from "./compose.ts";
import { type ControllerConfig, type ControllerFlags, parseConfig } from "./config.ts";
import { startHttpServer } from "./http/http-server.ts";
import { inUrl } from "./in-url.ts";
import { type ControllerLog, createLog } from "./log.ts";
import { openAudit } from "./open-audit.ts";
import { type OpenedBroker, openBroker } from "./open-broker.ts";
import { openKeys } from "./open-keys.ts";
import type { ProcessFigures } from "./ports/process-figures.ts";
import { sizeThreadPool } from "./thread-pool.ts";

export type { ControllerConfig, ControllerFlags } from "./config.ts";
export { configDefaults, parseConfig } from "./config.ts";

export interface RunningController {
  readonly httpUrl: string;
  readonly mqttUrl: string;
  /** Made now, because there was none; for a person, and for nothing that is kept. */
  readonly firstKey: ApiKeyCreated | undefined;
  readonly close: () => Promise<void>;
}

export interface ControllerSurroundings {
  readonly log: ControllerLog;
  /** Told of a failure nobody expected; the process should go down. */
  readonly onDefect: (error: unknown) => void;
}

/** What is weaker with --dev, in words for people. */
const devWeakens =
  "without an API key every program on this machine may command the fleet; " +
  "the keys that sign roots, releases and desired state lie together in the data folder, unprotected";

/**
 * A whole controller in this process: database, files and API, and the broker where none is named.
 *
 * @throws CodedError when it cannot begin; what was opened until then is closed again
 */
export async function startController(
  config: ControllerConfig,
  surroundings: ControllerSurroundings,
): Promise<RunningController> {
  const closers = new Closers();
  try {
    return await open(config, surroundings, closers);
  } catch (error) {
    await closers.close();
    throw error;
  }
}

/**
 * `modelfleet controller start`: runs until it is told to stop.
 *
 * @returns 0 after a signal, 1 after a defect
 * @throws CodedError when it cannot begin
 */
export async function runController(flags: ControllerFlags): Promise<0 | 1> {
  sizeThreadPool(process.env);
  const config = parseConfig({
    keyPassphraseFile: process.env["MODELFLEET_KEY_PASSPHRASE_FILE"],
    ...flags,
  });
  const log = createLog(config.logLevel);
  let stop: (code: 0 | 1) => void = () => undefined;
  const stopped = new Promise<0 | 1>((resolve) => {
    stop = resolve;
  });
  const onDefect = (error: unknown): void => {
    log.fatal(error);
    stop(1);
  };
  process.once("SIGTERM", () => stop(0)).once("SIGINT", () => stop(0));
  process.on("uncaughtException", onDefect).on("unhandledRejection", onDefect);
  const controller = await startController(config, { log, onDefect });
  if (controller.firstKey !== undefined) process.stderr.write(adminKeyLine(controller.firstKey));
  const code = await stopped;
  // A defect may have left something open that never closes.
  if (code === 1) setTimeout(() => process.exit(1), 2 * apiLimits.closeMsMax).unref();
  log.info({ event: "controller.stopping" }, "stopping");
  await controller.close();
  log.info({ event: "controller.stopped" }, "stopped");
  return code;
}

async function open(
  config: ControllerConfig,
  { log, onDefect }: ControllerSurroundings,
  closers: Closers,
): Promise<RunningController> {
  if (config.isDev) log.warn({ event: "dev.insecure", weakens: devWeakens }, "not for production");
  const urls = { httpUrl: "", mqttUrl: "" };
  const { stores, ...rest } = await openStores(config, closers);
  const { authority, bus, figures, ...broker } = await openBroker(config, { ...rest, log });
  const tokens = config.oidc && (await openOidc(config.oidc, { ...rest, log }));
  const tally = await openAudit({ ...rest, ...stores, log }, config, closers);
  const app = compose({
    ...rest,
    ...stores,
    authority,
    breathe: () => setImmediate(),
    bus,
    calendar: cronerCalendar(),
    driftWindowMs: config.driftWindowMs,
    endpoints: () => endpointsOf(config, urls),
    exportCells: openExport(config, { ...rest, log, onDefect }, closers),
    log,
    onDefect,
    process: processFigures(figures, closers),
    sender: webhookSender(config.webhookNetworks),
    tally,
    tokens,
    writeMetrics: metricsText,
    ...approvals(config),
  });
  await new RecoverStores({ ...rest, ...stores, log }).run();
  startLoops(closers, [new ForgetTelemetry({ ...rest, ...stores, log })]);
  await app.presence.allOffline();
  closers.add(bus);
  urls.mqttUrl = await broker.start(app);
  closers.add(app.roots);
  const root = new WatchRootExpiry({ ...rest, log });
  const events = new ForgetEvents({ ...rest, ...stores, log });
  const { acks, rolloutEngine, driftEngine, deliveries, readmissions } = app;
  startLoops(closers, [root, acks, rolloutEngine, driftEngine, readmissions, events, deliveries]);
  const http = await startHttpServer({
    host: config.host,
    port: config.httpPort,
    onDefect,
    trustedProxies: config.trustedProxies,
    services: {
      useCases: app.useCases,
      health: { database: stores.ping, broker: () => bus.ping() },
      readRoot: rest.keys.rootAt,
      local: config,
      tally,
      nowMs: rest.clock.nowMs,
    },
  });
  closers.add(http);
  urls.httpUrl = `http://${inUrl(config.host)}:${http.port}`;
  log.info({ event: "controller.listening", ...urls }, "listening");
  // Last: a key of a controller that did not come up would be shown to nobody.
  const firstKey = config.isDev
    ? undefined
    : await new MakeAdminKey({ ...rest, ...stores, log }).first();
  return { ...urls, firstKey, close: () => closers.close() };
}

type Loop = (Disposable | AsyncDisposable) & { readonly start: () => void };

/** Ended in the opposite order. */
function startLoops(closers: Closers, loops: readonly Loop[]): void {
  for (const loop of loops) {
    closers.add(loop);
    loop.start();
  }
}

/** The lock first: nothing of a folder is touched that belongs to another controller. */
async function openStores(config: ControllerConfig, closers: Closers) {
  const folder = resolve(config.dataFolder);
  const lock = await lockDataFolder(folder);
  closers.add(lock);
  const clock = systemClock();
  const keyFolder = join(folder, "keys");
  const keys = await openKeys(keyFolder, config, { clock, env: process.env });
  const blobs = await openBlobFolder(join(folder, "blobs"));
  const stores = await openDatabase(join(folder, "controller.sqlite"));
  closers.add(stores);
  return { clock, keyFolder, keys, blobs, stores };
}

function endpointsOf(
  { publicUrl, publicMqttUrl }: ControllerConfig,
  { httpUrl, mqttUrl }: { readonly httpUrl: string; readonly mqttUrl: string },
) {
  return { controllerUrl: publicUrl ?? httpUrl, brokerUrl: publicMqttUrl ?? mqttUrl };
}

function openExport(
  { otlpEndpoint }: ControllerConfig,
  ports: Omit<ConstructorParameters<typeof ExportCells>[0], "sink">,
  closers: Closers,
): ExportCells["offer"] | undefined {
  if (otlpEndpoint === undefined) return undefined;
  const cells = new ExportCells({ ...ports, sink: otlpSink(otlpEndpoint) });
  startLoops(closers, [cells]);
  return cells.offer;
}

function processFigures(figures: OpenedBroker["figures"], closers: Closers): ProcessFigures {
  const lag = measureEventLoopLag();
  closers.add(lag);
  return { ...figures, eventLoopLag: lag.read };
}

function approvals({ fourEyes }: ControllerConfig) {
  return {
    releasesAwaitApproval: fourEyes.includes("release"),
    rolloutsAwaitApproval: fourEyes.includes("rollout"),
  };
}
