import { X509Certificate } from "node:crypto";
import { AedesBroker } from "./adapters/aedes-broker/aedes-broker.ts";
import { openFleetAuthority } from "./adapters/certificates/fleet-authority.ts";
import { MqttBus } from "./adapters/mqtt-bus/mqtt-bus.ts";
import type { Application } from "./compose.ts";
import type { ControllerConfig } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import type { ExternalBrokerConfig } from "./external-broker-config.ts";
import { inUrl } from "./in-url.ts";
import { openControllerLogin } from "./open-controller-login.ts";
import { type MqttTlsSurroundings, openMqttTls } from "./open-mqtt-tls.ts";
import type { CertificateAuthority } from "./ports/certificate-authority.ts";
import type { DeviceBus } from "./ports/device-bus.ts";
import type { EventLog } from "./ports/event-log.ts";
import type { ProcessFigures } from "./ports/process-figures.ts";
import { readPem } from "./read-pem.ts";

export interface OpenedBroker {
  readonly bus: DeviceBus & AsyncDisposable & { readonly ping: () => Promise<void> };
  /** What devices get their certificates from. */
  readonly authority: CertificateAuthority | undefined;
  /** @returns where devices connect */
  readonly start: (app: Pick<Application, "door" | "presence">) => Promise<string>;
  readonly figures: Pick<ProcessFigures, "connections" | "messagesDropped">;
}

type Surroundings = MqttTlsSurroundings & { readonly log: EventLog };

/**
 * The way to devices: by a broker inside this process, or by one elsewhere.
 *
 * @throws ConfigError naming the flag and the file @throws KeyError of the own authority
 */
export function openBroker(config: ControllerConfig, given: Surroundings): Promise<OpenedBroker> {
  const { externalBroker } = config;
  if (externalBroker !== undefined) return openExternal(externalBroker, given);
  return openEmbedded(config, given);
}

async function openEmbedded(
  { host, mqttPort: port, mqttTls }: ControllerConfig,
  given: Surroundings,
): Promise<OpenedBroker> {
  const { tls, authority } = await openMqttTls(mqttTls, given);
  const { clock, log } = given;
  const bus = new AedesBroker({ clock, log, host, port, tls });
  const scheme = tls === undefined ? "mqtt" : "mqtts";
  return {
    ...{ bus, authority, figures: { connections: bus.connections } },
    start: async ({ door }) => `${scheme}://${inUrl(host)}:${await bus.start(door)}`,
  };
}

async function openExternal(
  { url, caFile, login: kind }: ExternalBrokerConfig,
  { keyFolder, keys, clock, log }: Surroundings,
): Promise<OpenedBroker> {
  const { fleet } = keys.root().document;
  const authority = await openFleetAuthority(keyFolder, { fleet, clock });
  const login = await openControllerLogin(kind, { authority, clock });
  const ca = caFile === undefined ? undefined : await readAuthorities(caFile);
  const bus = new MqttBus({ url, ca, login, clock, log });
  return {
    ...{ bus, authority, figures: { messagesDropped: () => bus.drops() } },
    start: ({ door, presence }) => {
      bus.start({ door, forgetPresence: () => presence.allOffline() });
      return Promise.resolve(url);
    },
  };
}

async function readAuthorities(path: string): Promise<string> {
  const pem = await readPem("--broker-ca", path);
  try {
    new X509Certificate(pem);
    return pem;
  } catch (cause) {
    throw new ConfigError("CONFIG", `--broker-ca: expected a certificate in ${path}`, { cause });
  }
}
