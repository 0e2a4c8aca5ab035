import { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import type { BrokerTls, ClientAuthority } from "./adapters/aedes-broker/broker-tls.ts";
import { openFleetAuthority } from "./adapters/certificates/fleet-authority.ts";
import { ConfigError } from "./config-error.ts";
import type { ClientLogin, MqttTlsConfig } from "./mqtt-tls-config.ts";
import type { CertificateAuthority } from "./ports/certificate-authority.ts";
import type { Clock } from "./ports/clock.ts";
import type { Keys } from "./ports/keys.ts";
import { readPem } from "./read-pem.ts";

export interface MqttTlsSurroundings {
  /** Where the fleet's own authority lies. */
  readonly keyFolder: string;
  readonly keys: Keys;
  readonly clock: Clock;
}

export interface MqttTls {
  readonly tls: BrokerTls | undefined;
  /** What devices get their certificates from. */
  readonly authority: CertificateAuthority | undefined;
}

/** @throws ConfigError naming the flag and the file @throws KeyError of the own authority */
export async function openMqttTls(
  config: MqttTlsConfig | undefined,
  surroundings: MqttTlsSurroundings,
): Promise<MqttTls> {
  if (config === undefined) return { tls: undefined, authority: undefined };
  const certificate = await readPem("--mqtt-tls-cert", config.certificateFile);
  const key = await readPem("--mqtt-tls-key", config.keyFile);
  refuseUnusable({ certificate, key });
  const { clients, authority } = await openClients(config.clients, surroundings);
  return { tls: { certificate, key, clients }, authority };
}

async function openClients(
  login: ClientLogin,
  { keyFolder, keys, clock }: MqttTlsSurroundings,
): Promise<{ clients: ClientAuthority | undefined; authority: CertificateAuthority | undefined }> {
  switch (login.kind) {
    case "secret":
      return { clients: undefined, authority: undefined };
    case "own-authority": {
      const { fleet } = keys.root().document;
      const authority = await openFleetAuthority(keyFolder, { fleet, clock });
      return { clients: { pem: authority.pem, certifiesDeviceKeys: true }, authority };
    }
    case "authority": {
      const pem = await readPem("--mqtt-client-ca", login.file);
      refuseNoAuthority(pem, login.file);
      return { clients: { pem, certifiesDeviceKeys: false }, authority: undefined };
    }
  }
}

function refuseUnusable({ certificate, key }: Pick<BrokerTls, "certificate" | "key">): void {
  try {
    createSecureContext({ cert: certificate, key });
  } catch (cause) {
    const came = cause instanceof Error ? cause.message : "neither";
    throw new ConfigError(
      "CONFIG",
      `expected a certificate in --mqtt-tls-cert and its key, unencrypted, in --mqtt-tls-key, both PEM, got ${came}`,
      { cause },
    );
  }
}

function refuseNoAuthority(pem: string, path: string): void {
  try {
    if (new X509Certificate(pem).ca) return;
  } catch (cause) {
    throw new ConfigError("CONFIG", `--mqtt-client-ca: expected a certificate in ${path}`, {
      cause,
    });
  }
  throw new ConfigError(
    "CONFIG",
    `--mqtt-client-ca: expected the certificate of an authority in ${path}, got one that may not sign others`,
  );
}
