import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ClientTrust } from "@modelfleet/protocol";
import type { BrokerFile, BrokerPlan } from "../../src/domain/broker/broker-plan.ts";
import { emqxConfig } from "../../src/domain/broker/emqx-config.ts";
import { mosquittoConfig } from "../../src/domain/broker/mosquitto-config.ts";
import type { ApiOptions } from "../api-options.ts";
import { CliError } from "../cli-error.ts";
import { contextOf } from "../context.ts";
import type { Terminal } from "../terminal.ts";

export interface BrokerConfigOptions extends ApiOptions {
  readonly for: string;
  readonly out: string;
  readonly folder?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly listen?: string;
  readonly port: string;
  readonly enrolPort: string;
  readonly enrol: boolean;
}

interface Broker {
  readonly folder: string;
  readonly files: (plan: BrokerPlan) => readonly BrokerFile[];
  readonly next: string;
  /** The same for what `--no-enrol` leaves out. */
  readonly nextToEnrol?: string;
}

const brokers: ReadonlyMap<string, Broker> = new Map([
  [
    "mosquitto",
    {
      folder: "/etc/mosquitto/modelfleet",
      files: mosquittoConfig,
      next: "mosquitto -c mosquitto.conf",
      nextToEnrol: "; and, for devices that enrol over MQTT, mosquitto -c enrol.conf",
    },
  ],
  [
    "emqx",
    {
      folder: "/etc/emqx/modelfleet",
      files: emqxConfig,
      next: "include emqx.conf in etc/emqx.conf",
    },
  ],
]);

export async function writeBrokerConfig(
  terminal: Terminal,
  options: BrokerConfigOptions,
): Promise<void> {
  const broker = brokers.get(options.for);
  if (broker === undefined) {
    throw new CliError("USAGE", `--for: expected mosquitto or emqx, got "${options.for}"`);
  }
  const context = contextOf(terminal, options);
  const folder = options.folder ?? broker.folder;
  const place = placeOf(options, folder);
  const trust = await context.api.call({
    method: "GET",
    path: "/v1/client-trust",
    answer: ClientTrust,
  });
  const files = broker.files({ ...place, ...trust });
  await write(options.out, files);
  const names = files.map(({ name }) => join(options.out, name));
  context.answer({ for: options.for, files: names, revoked: trust.revokedDevices.length }, () =>
    names.join("\n"),
  );
  if (context.json) return;
  const more = options.enrol ? (broker.nextToEnrol ?? "") : "";
  terminal.err(`copy them to ${folder} on the broker's machine: ${broker.next}${more}\n`);
}

function placeOf(options: BrokerConfigOptions, folder: string) {
  const { tlsCert, tlsKey, listen } = options;
  return {
    folder: readPath("--folder", folder),
    certificateFile: readPath("--tls-cert", tlsCert ?? `${folder}/server.pem`),
    keyFile: readPath("--tls-key", tlsKey ?? `${folder}/server.key`),
    host: listen === undefined ? undefined : readHost(listen),
    port: readPort("--port", options.port),
    enrolPort: options.enrol ? readPort("--enrol-port", options.enrolPort) : undefined,
  };
}

/** It goes into a line of a configuration: nothing that could end it. */
function readPath(option: string, text: string): string {
  if (/^\/[\w./@+-]+$/.test(text)) return text;
  const expected = "an absolute path of letters, digits and . _ - + @ /";
  throw new CliError("USAGE", `${option}: expected ${expected}, got "${text.slice(0, 128)}"`);
}

function readHost(text: string): string {
  if (/^[\w.:-]{1,253}$/.test(text)) return text;
  throw new CliError("USAGE", `--listen: expected an address, got "${text.slice(0, 128)}"`);
}

function readPort(option: string, text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw new CliError("USAGE", `${option}: expected a port from 1 to 65535, got "${text}"`);
}

/** Each file whole or as it was: a broker may read them at any time. */
async function write(folder: string, files: readonly BrokerFile[]): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    for (const { name, text } of files) {
      const path = join(folder, name);
      await writeFile(`${path}.new`, text);
      await rename(`${path}.new`, path);
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CliError("FILE", `--out: ${folder} cannot be written: ${why}`, { cause });
  }
}
