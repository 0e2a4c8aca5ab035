import { ConfigError } from "./config-error.ts";

/** What a person may say about TLS of the embedded broker; everything as it was typed. */
export interface MqttTlsFlags {
  readonly mqttTlsCert?: string | undefined;
  readonly mqttTlsKey?: string | undefined;
  readonly mqttClientCa?: string | undefined;
}

export interface MqttTlsConfig {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly clients: ClientLogin;
}

/** How devices log in: by their secret, by certificates this controller makes, or by those of another authority. */
export type ClientLogin =
  | { readonly kind: "secret" }
  | { readonly kind: "own-authority" }
  | { readonly kind: "authority"; readonly file: string };

/**
 * @returns undefined: the broker speaks plain TCP
 * @throws ConfigError naming the flag, what was expected and the way out
 */
export function parseMqttTls(flags: MqttTlsFlags): MqttTlsConfig | undefined {
  const { mqttTlsCert, mqttTlsKey, mqttClientCa } = flags;
  if (mqttTlsCert !== undefined && mqttTlsKey !== undefined) {
    const clients = parseClients(mqttClientCa);
    return { certificateFile: mqttTlsCert, keyFile: mqttTlsKey, clients };
  }
  if (mqttTlsCert !== undefined || mqttTlsKey !== undefined) {
    throw new ConfigError(
      "CONFIG",
      "expected --mqtt-tls-cert and --mqtt-tls-key together, got one",
    );
  }
  if (mqttClientCa === undefined) return undefined;
  throw new ConfigError(
    "CONFIG",
    "expected --mqtt-tls-cert and --mqtt-tls-key with --mqtt-client-ca: a client's certificate is shown inside TLS only",
  );
}

/** @throws ConfigError when devices were told to come by another protocol than the broker speaks */
export function requireScheme(tls: MqttTlsConfig | undefined, publicUrl: string | undefined): void {
  const scheme = tls === undefined ? "mqtt:" : "mqtts:";
  // Behind a proxy that ends TLS the broker itself speaks plain TCP.
  if (publicUrl === undefined || tls === undefined || publicUrl.startsWith(scheme)) return;
  throw new ConfigError(
    "CONFIG",
    `--public-mqtt-url: expected mqtts://… with --mqtt-tls-cert, got ${publicUrl}`,
  );
}

function parseClients(text: string | undefined): ClientLogin {
  if (text === undefined) return { kind: "secret" };
  if (text === "auto") return { kind: "own-authority" };
  if (text !== "") return { kind: "authority", file: text };
  throw new ConfigError("CONFIG", "--mqtt-client-ca: expected auto or a file, got nothing");
}
