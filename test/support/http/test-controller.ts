import {
  type ControllerConfig,
  type RunningController,
  startController,
} from "../../../controller/src/main.ts";
import { type RecordedEvent, recordingLog } from "../mqtt/recording-log.ts";
import { temporaryFolder } from "../temporary-folder.ts";

export type InProcessController = AsyncDisposable &
  RunningController & {
    readonly folder: string;
    readonly events: readonly RecordedEvent[];
    readonly defects: readonly unknown[];
    /** A request to a path, as the operator of this machine. */
    readonly fetch: (path: string, init?: RequestInit) => Promise<Response>;
    readonly post: (path: string, body: unknown) => Promise<Response>;
  };

export interface InProcessOptions {
  readonly adminKey?: string;
  readonly isDev?: boolean;
}

/** A real controller in this process, on free ports of 127.0.0.1 and a folder of its own. */
export async function startInProcess(options: InProcessOptions = {}): Promise<InProcessController> {
  const folder = await temporaryFolder();
  const log = recordingLog();
  const defects: unknown[] = [];
  const surroundings = {
    log: { ...log, fatal: () => undefined },
    onDefect: (error: unknown) => defects.push(error),
  };
  const config = { ...testConfig(folder.inside("controller")), adminKey: options.adminKey };
  // The keys of a fleet come with --dev; without it they are expected to be there.
  const first = await startController(config, surroundings);
  if (options.isDev === false) await first.close();
  const controller =
    options.isDev === false
      ? await startController({ ...config, isDev: false }, surroundings)
      : first;
  const fetchPath = (path: string, init?: RequestInit) =>
    fetch(`${controller.httpUrl}${path}`, init);
  return {
    ...controller,
    folder: folder.inside("controller"),
    events: log.events,
    defects,
    fetch: fetchPath,
    post: (path, body) =>
      fetchPath(path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    [Symbol.asyncDispose]: async () => {
      await controller.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

export function testConfig(dataFolder: string): ControllerConfig {
  return {
    dataFolder,
    host: "127.0.0.1",
    httpPort: 0,
    mqttPort: 0,
    publicUrl: undefined,
    publicMqttUrl: undefined,
    isDev: true,
    adminKey: undefined,
    logLevel: "info",
  };
}
