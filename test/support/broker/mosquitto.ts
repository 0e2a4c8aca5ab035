import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmod, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import {
  type BrokerFile,
  type BrokerPlan,
  controllerName,
} from "../../../controller/src/domain/broker/broker-plan.ts";
import { mosquittoConfig } from "../../../controller/src/domain/broker/mosquitto-config.ts";
import type { CertificateAuthority } from "../../../controller/src/ports/certificate-authority.ts";
import { eventually } from "../eventually.ts";
import { freePort } from "../free-port.ts";
import { PlainClient } from "../mqtt/plain-client.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import {
  authorityIn,
  type Certified,
  clientCertificate,
  serverCertificate,
} from "./certificates.ts";

export const mosquittoIsHere = spawnSync("mosquitto", ["-h"]).error === undefined;

export interface RunningMosquitto extends AsyncDisposable {
  readonly port: number;
  readonly enrolPort: number;
  readonly authority: CertificateAuthority;
  /** Of the broker; clients trust it. */
  readonly server: Certified;
  /** Writes the configuration anew, as `broker-config` would, and lets the broker read it. */
  readonly reconfigure: (revoked: Revoked, how: "reload" | "restart") => Promise<void>;
  readonly log: () => string;
}

export type Revoked = Partial<Pick<BrokerPlan, "revocationList" | "revokedDevices">>;

export interface MosquittoOptions {
  /** Changes what was generated. */
  readonly change?: ((file: BrokerFile) => BrokerFile) | undefined;
  /** Lines of mosquitto_passwd for the broker where devices enrol. */
  readonly passwords?: string | undefined;
}

/** Two real Mosquitto processes on free ports of 127.0.0.1, with the very configuration that `broker-config` writes. */
export async function startMosquitto(options: MosquittoOptions = {}): Promise<RunningMosquitto> {
  const folder = await temporaryFolder("modelfleet-mosquitto-");
  // Started by root it becomes another user, who reads these files.
  await chmod(folder.path, 0o755);
  const authority = await authorityIn(folder.path);
  const server = await serverCertificate();
  const [port, enrolPort] = [await freePort(), await freePort()];
  const files = { folder: folder.path, change: options.change, passwords: options.passwords };
  await writeReadable(folder.inside("server.pem"), server.cert);
  await writeReadable(folder.inside("server.key"), server.key);
  const write = async (revoked: Revoked): Promise<void> => {
    const plan = {
      folder: folder.path,
      certificateFile: folder.inside("server.pem"),
      keyFile: folder.inside("server.key"),
      host: "127.0.0.1",
      ...{ port, enrolPort },
      authority: authority.pem,
      revocationList: await authority.revocationList([], Date.now()),
      revokedDevices: [],
      ...revoked,
    };
    await writeFiles(plan, files);
  };
  await write({});
  const log: string[] = [];
  const start = (name: string, at: number) => startProcess(folder.inside(name), at, log);
  let main = await start("mosquitto.conf", port);
  const enrol = await start("enrol.conf", enrolPort).catch(async (cause: unknown) => {
    await stop(main);
    throw cause;
  });
  return {
    ...{ port, enrolPort, authority, server },
    log: () => log.join(""),
    reconfigure: async (revoked, how) => {
      await write(revoked);
      if (how === "reload") {
        const before = log.length;
        main.kill("SIGHUP");
        await eventually(() => log.slice(before).join("").includes("Reloading config"));
        return;
      }
      await stop(main);
      main = await start("mosquitto.conf", port);
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([stop(main), stop(enrol)]);
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** @returns undefined when it is not let in */
export function comeTo(
  { port, server }: RunningMosquitto,
  { cert, key }: Partial<Certified>,
  clientId = "cam-1",
): Promise<PlainClient | undefined> {
  return PlainClient.open({ port, tls: { ca: server.cert, cert, key }, clientId });
}

export async function comeAsController(broker: RunningMosquitto): Promise<PlainClient> {
  const certificate = await clientCertificate(broker.authority, controllerName);
  const controller = await comeTo(broker, certificate, controllerName);
  if (controller === undefined) throw new Error("expected the controller to be let in");
  return controller;
}

interface Written extends MosquittoOptions {
  readonly folder: string;
}

async function writeFiles(
  plan: BrokerPlan,
  { folder, change = (file) => file, passwords = "" }: Written,
): Promise<void> {
  for (const file of mosquittoConfig(plan)) {
    const { name, text } = change(file);
    const added = name === "enrol-passwords" ? passwords : "";
    await writeReadable(join(folder, name), `${text}${added}`);
  }
}

async function writeReadable(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  await chmod(path, 0o644);
}

async function startProcess(config: string, port: number, log: string[]): Promise<ChildProcess> {
  const child = spawn("mosquitto", ["-c", config], { stdio: ["ignore", "ignore", "pipe"] });
  child.stderr.on("data", (chunk: Buffer) => log.push(chunk.toString("utf8")));
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`mosquitto has ended: ${log.join("")}`);
    const socket = connect({ host: "127.0.0.1", port });
    await once(socket, "connect").finally(() => socket.destroy());
  });
  return child;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}
