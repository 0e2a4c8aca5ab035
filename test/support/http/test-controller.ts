import { randomBytes } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeBase64 } from "@modelfleet/protocol";
import { sealSeed } from "../../../controller/src/adapters/key-provider/sealed-seed.ts";
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
    readonly post: (
      path: string,
      body: unknown,
      headers?: Readonly<Record<string, string>>,
    ) => Promise<Response>;
    /** `Authorization` with the first admin key; there is one without --dev only. */
    readonly admin: { readonly authorization: string };
  };

export type InProcessOptions = Partial<
  Pick<ControllerConfig, "isDev" | "mqttTls" | "oidc" | "trustedProxies" | "fourEyes">
>;

/** A real controller in this process, on free ports of 127.0.0.1 and a folder of its own. */
export async function startInProcess(options: InProcessOptions = {}): Promise<InProcessController> {
  const folder = await temporaryFolder();
  const log = recordingLog();
  const defects: unknown[] = [];
  const surroundings = {
    log: { ...log, fatal: () => undefined },
    onDefect: (error: unknown) => defects.push(error),
  };
  const config = { ...testConfig(folder.inside("controller")), ...options, isDev: true };
  // The keys of a fleet come with --dev; without it they are expected to be there.
  const first = await startController(config, surroundings);
  if (options.isDev === false) await first.close();
  const controller =
    options.isDev === false
      ? await startController({ ...config, ...(await sealed(config)), isDev: false }, surroundings)
      : first;
  const fetchPath = (path: string, init?: RequestInit) =>
    fetch(`${controller.httpUrl}${path}`, init);
  return {
    ...controller,
    folder: folder.inside("controller"),
    events: log.events,
    defects,
    fetch: fetchPath,
    admin: { authorization: `Bearer ${controller.firstKey?.secret ?? ""}` },
    post: (path, body, headers = {}) =>
      fetchPath(path, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
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
    mqttTls: undefined,
    publicMqttUrl: undefined,
    externalBroker: undefined,
    isDev: true,
    keyPassphraseFile: undefined,
    // Opening an encrypted key takes a third of a second.
    allowPlainKeys: true,
    oidc: undefined,
    trustedProxies: [],
    fourEyes: [],
    webhookNetworks: ["127.0.0.0/8"],
    otlpEndpoint: undefined,
    driftWindowMs: 900_000,
    logLevel: "info",
  };
}

/** The keys --dev has made as a controller without it wants them: the online key encrypted, and no other. */
async function sealed({ dataFolder }: ControllerConfig): Promise<Partial<ControllerConfig>> {
  const [path, keyPassphraseFile] = [
    join(dataFolder, "keys", "online.key"),
    join(dataFolder, "keys", "passphrase"),
  ];
  const seed = decodeBase64((await readFile(path, "utf8")).trim());
  if (seed === undefined) throw new Error("expected a seed");
  const by = {
    name: "online",
    passphrase: "correct horse battery staple",
    createdAt: "2026-01-01T00:00:00Z",
    randomBytes: (length: number) => new Uint8Array(randomBytes(length)),
  };
  await writeFile(path, JSON.stringify(await sealSeed(seed, by)), { mode: 0o600 });
  await writeFile(keyPassphraseFile, by.passphrase, { mode: 0o600 });
  for (const other of ["root.key", "release.key"]) await rm(join(dataFolder, "keys", other));
  return { keyPassphraseFile };
}
