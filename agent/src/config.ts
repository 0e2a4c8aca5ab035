import { join, resolve } from "node:path";
import { FormatError, telemetryLimits } from "@modelfleet/protocol";
import { defaultProbation } from "./domain/install/probation.ts";
import type { LocalMqtt, LocalMqttOptions } from "./local-mqtt.ts";
import type { MqttTlsFiles, MqttTlsOptions } from "./mqtt-tls.ts";

/** How one agent runs. */
export interface AgentConfig {
  /** The data folder, absolute. */
  readonly folder: string;
  readonly socketPath: string;
  /** Where runners have their folders, when not in the data folder. */
  readonly runFolder?: string;
  /** Loopback TCP as well; undefined is off. */
  readonly tcpPort: number | undefined;
  readonly windowMs: number;
  readonly confirmMs: number;
  /** Where releases are held: in a process each, or all in the agent's own; `process` when absent. */
  readonly isolation?: "process" | "inline";
  /** All runners together; undefined: whatever the device has. */
  readonly memoryMiB?: number | undefined;
  /** Where model files are asked for first; undefined is the controller alone. */
  readonly mirrorUrl?: string | undefined;
  readonly mqttTls?: MqttTlsFiles | undefined;
  readonly localMqtt?: LocalMqtt | undefined;
}

/** Options as they stand on the command line. */
export interface StartOptions extends MqttTlsOptions, LocalMqttOptions {
  readonly data: string;
  readonly socket?: string;
  readonly tcpPort?: string;
  readonly windowMs?: string;
  readonly confirmMs?: string;
  readonly isolation?: string;
  readonly memoryMib?: string;
  readonly blobMirror?: string;
}

export interface EnrolOptions {
  readonly data: string;
  readonly deviceId?: string;
  readonly class: string;
  /** auto, http or mqtt; auto when it is absent. */
  readonly over?: string;
}

const portMax = 65_535;
const confirmMsMax = 24 * 3_600_000;
const memoryMiBMax = 1_048_576;

/** @throws FormatError naming the option, what was expected and what came */
export function parseConfig(options: StartOptions): AgentConfig {
  const folder = resolve(options.data);
  return {
    folder,
    socketPath: socketPathOf(options),
    tcpPort: parseWhole("--tcp-port", options.tcpPort, { min: 0, max: portMax }),
    windowMs:
      parseWhole("--window-ms", options.windowMs, {
        min: telemetryLimits.windowMsMin,
        max: telemetryLimits.windowMsMax,
      }) ?? telemetryLimits.windowMsDefault,
    confirmMs:
      parseWhole("--confirm-ms", options.confirmMs, { min: 0, max: confirmMsMax }) ??
      defaultProbation.confirmMs,
    memoryMiB: parseWhole("--memory-mib", options.memoryMib, { min: 64, max: memoryMiBMax }),
    isolation: parseIsolation(options.isolation),
    mirrorUrl: parseMirror(options.blobMirror),
  };
}

/** Where the agent of this data folder listens. */
export function socketPathOf(
  options: Pick<StartOptions, "data"> & { socket?: string | undefined },
) {
  return resolve(options.socket ?? join(options.data, "agent.sock"));
}

function parseIsolation(text = "process"): "process" | "inline" {
  if (text === "process" || text === "inline") return text;
  throw new FormatError(
    "FORMAT",
    `--isolation: expected process or inline, got ${text.slice(0, 32)}`,
  );
}

/** protocol.md 5.8: it is asked without a login, so a URL that carries one is a mistake. */
function parseMirror(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isWeb = url?.protocol === "http:" || url?.protocol === "https:";
  const rest = `${url?.username ?? ""}${url?.password ?? ""}${url?.search ?? ""}${url?.hash ?? ""}`;
  if (url !== undefined && isWeb && rest === "") return url.href;
  const expected = "an http or https URL of a folder, without login, query or fragment";
  throw new FormatError("FORMAT", `--blob-mirror: expected ${expected}`);
}

function parseWhole(
  option: string,
  text: string | undefined,
  bounds: { readonly min: number; readonly max: number },
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= bounds.min && value <= bounds.max) return value;
  const expected = `a whole number from ${bounds.min} to ${bounds.max}`;
  throw new FormatError("FORMAT", `${option}: expected ${expected}, got ${text.slice(0, 32)}`);
}
