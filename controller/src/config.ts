import { type AccessConfig, type AccessFlags, parseAccess } from "./access-config.ts";
import { ConfigError } from "./config-error.ts";
import { parseDriftWindow } from "./drift-config.ts";
import { type EventConfig, type EventFlags, parseEvents } from "./event-config.ts";
import {
  type ExternalBrokerConfig,
  type ExternalBrokerFlags,
  isThisMachine,
  parseExternalBroker,
} from "./external-broker-config.ts";
import {
  type MqttTlsConfig,
  type MqttTlsFlags,
  parseMqttTls,
  requireScheme,
} from "./mqtt-tls-config.ts";
import { parseOrigin } from "./parse-origin.ts";

export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

/** What a person may say to `modelfleet controller start`; everything as it was typed. */
export interface ControllerFlags
  extends AccessFlags,
    EventFlags,
    ExternalBrokerFlags,
    MqttTlsFlags {
  readonly data?: string | undefined;
  readonly host?: string | undefined;
  readonly httpPort?: string | undefined;
  readonly mqttPort?: string | undefined;
  readonly publicUrl?: string | undefined;
  readonly publicMqttUrl?: string | undefined;
  readonly dev?: boolean | undefined;
  readonly keyPassphraseFile?: string | undefined;
  readonly allowPlainKeys?: boolean | undefined;
  readonly driftWindow?: string | undefined;
  readonly logLevel?: string | undefined;
}

export interface ControllerConfig extends AccessConfig, EventConfig {
  readonly dataFolder: string;
  readonly host: string;
  /** 0: any free one. */
  readonly httpPort: number;
  readonly mqttPort: number;
  /** Where devices reach this controller; what it listens on when it is not named. */
  readonly publicUrl: string | undefined;
  readonly publicMqttUrl: string | undefined;
  /** undefined: the broker is inside this process. */
  readonly externalBroker: ExternalBrokerConfig | undefined;
  /** Of the broker in this process; undefined: plain TCP. */
  readonly mqttTls: MqttTlsConfig | undefined;
  readonly isDev: boolean;
  /** Holds the passphrase of the keys in the data folder. */
  readonly keyPassphraseFile: string | undefined;
  /** Keys that lie there unprotected are taken; with --dev always. */
  readonly allowPlainKeys: boolean;
  /** What devices measured in a stretch of this length is judged together. */
  readonly driftWindowMs: number;
  readonly logLevel: LogLevel;
}

export const configDefaults = {
  data: "./.modelfleet/controller",
  host: "127.0.0.1",
  httpPort: 7680,
  mqttPort: 1883,
  logLevel: "info",
} as const;

/**
 * What to start with, from flags.
 *
 * @throws ConfigError naming the flag, what was expected and the way out
 */
export function parseConfig(flags: ControllerFlags): ControllerConfig {
  const host = flags.host ?? configDefaults.host;
  const isDev = flags.dev ?? false;
  const config = {
    dataFolder: flags.data ?? configDefaults.data,
    host,
    httpPort: parsePort("--http-port", flags.httpPort, configDefaults.httpPort),
    mqttPort: parsePort("--mqtt-port", flags.mqttPort, configDefaults.mqttPort),
    publicUrl: parseOrigin("--public-url", flags.publicUrl, ["http:", "https:"]),
    publicMqttUrl: parseOrigin("--public-mqtt-url", flags.publicMqttUrl, ["mqtt:", "mqtts:"]),
    externalBroker: parseExternalBroker(flags),
    mqttTls: parseMqttTls(flags),
    isDev,
    keyPassphraseFile: flags.keyPassphraseFile,
    allowPlainKeys: isDev || flags.allowPlainKeys === true,
    ...parseAccess(flags, isDev),
    ...parseEvents(flags, isDev),
    driftWindowMs: parseDriftWindow(flags.driftWindow),
    logLevel: parseLogLevel(flags.logLevel),
  };
  requireAddress(config);
  requireScheme(config.mqttTls, config.publicMqttUrl);
  return config;
}

function requireAddress(config: ControllerConfig): void {
  const { externalBroker, host, publicUrl, publicMqttUrl } = config;
  const namesNoAddress = ["0.0.0.0", "::"].includes(host);
  const isBrokerNamed =
    externalBroker === undefined
      ? !namesNoAddress
      : isThisMachine(host) || !isThisMachine(new URL(externalBroker.url).hostname);
  const missing = [
    ...(publicUrl === undefined && namesNoAddress ? ["--public-url"] : []),
    ...(publicMqttUrl === undefined && !isBrokerNamed ? ["--public-mqtt-url"] : []),
  ];
  if (missing.length === 0) return;
  throw new ConfigError(
    "CONFIG",
    `expected ${missing.join(" and ")} with --host ${host}: devices need an address to reach this controller by`,
  );
}

function parsePort(flag: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const port = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN;
  if (port <= 65_535) return port;
  throw new ConfigError(
    "CONFIG",
    `${flag}: expected a port from 1 to 65535, or 0 for any free one, got ${text}`,
  );
}

function parseLogLevel(text: string | undefined): LogLevel {
  const level = logLevels.find((known) => known === (text ?? configDefaults.logLevel));
  if (level !== undefined) return level;
  throw new ConfigError(
    "CONFIG",
    `--log-level: expected one of ${logLevels.join(", ")}, got ${text ?? ""}`,
  );
}
