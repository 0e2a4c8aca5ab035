import { ConfigError } from "./config-error.ts";
import type { MqttTlsFlags } from "./mqtt-tls-config.ts";
import { parseOrigin } from "./parse-origin.ts";

/** What a person may say about a broker that is a process of its own; everything as it was typed. */
export interface ExternalBrokerFlags {
  readonly brokerUrl?: string | undefined;
  readonly brokerCa?: string | undefined;
  readonly brokerCert?: string | undefined;
  readonly brokerKey?: string | undefined;
  readonly brokerUser?: string | undefined;
  readonly brokerPasswordFile?: string | undefined;
  readonly allowPlainBroker?: boolean | undefined;
}

export interface ExternalBrokerConfig {
  readonly url: string;
  /** Authorities of the broker's certificate; undefined: the usual ones. */
  readonly caFile: string | undefined;
  readonly login: ControllerLogin;
}

/** How the controller logs in: by a certificate it makes itself, by another one, by a password, or not at all. */
export type ControllerLogin =
  | { readonly kind: "own-certificate" }
  | { readonly kind: "certificate"; readonly certificateFile: string; readonly keyFile: string }
  | { readonly kind: "password"; readonly username: string; readonly passwordFile: string }
  | { readonly kind: "anonymous" };

type Flags = ExternalBrokerFlags & MqttTlsFlags & { readonly mqttPort?: string | undefined };

/**
 * @returns undefined: the broker is inside the controller
 * @throws ConfigError naming the flag, what was expected and the way out
 */
export function parseExternalBroker(flags: Flags): ExternalBrokerConfig | undefined {
  const url = parseOrigin("--broker-url", flags.brokerUrl, ["mqtts:", "mqtt:"]);
  if (url === undefined) {
    refuseWithoutBroker(flags);
    return undefined;
  }
  refuseEmbedded(flags);
  const isTls = url.startsWith("mqtts:");
  requireSafe(url, { isTls, isAllowed: flags.allowPlainBroker === true });
  return { url, caFile: parseCa(flags, isTls), login: parseLogin(flags, isTls) };
}

/** Whether this is the name by which every machine calls itself. @param host as in an address or in a URL */
export function isThisMachine(host: string): boolean {
  return /^(localhost|\[?::1\]?|127\.[\d.]+)$/.test(host);
}

function refuseWithoutBroker(flags: ExternalBrokerFlags): void {
  const { brokerCa, brokerCert, brokerKey, brokerUser, brokerPasswordFile } = flags;
  const given = named({
    "--broker-ca": brokerCa,
    "--broker-cert": brokerCert,
    "--broker-key": brokerKey,
    "--broker-user": brokerUser,
    "--broker-password-file": brokerPasswordFile,
    "--allow-plain-broker": flags.allowPlainBroker,
  });
  if (given === undefined) return;
  throw new ConfigError("CONFIG", `expected --broker-url with ${given}`);
}

/** Flags of the broker inside the controller, which does not run then. */
function refuseEmbedded({ mqttPort, mqttTlsCert, mqttTlsKey, mqttClientCa }: Flags): void {
  const given = named({
    "--mqtt-port": mqttPort,
    "--mqtt-tls-cert": mqttTlsCert,
    "--mqtt-tls-key": mqttTlsKey,
    "--mqtt-client-ca": mqttClientCa,
  });
  if (given === undefined) return;
  const why = "with --broker-url the controller has no broker of its own";
  throw new ConfigError("CONFIG", `expected --broker-url or ${given}, got both: ${why}`);
}

function requireSafe(
  url: string,
  { isTls, isAllowed }: { readonly isTls: boolean; readonly isAllowed: boolean },
): void {
  if (isTls || isThisMachine(new URL(url).hostname) || isAllowed) return;
  throw new ConfigError(
    "CONFIG",
    `--broker-url: expected mqtts://…, got ${url}: without TLS only a broker on this machine, or with --allow-plain-broker`,
  );
}

function parseCa({ brokerCa }: ExternalBrokerFlags, isTls: boolean): string | undefined {
  if (brokerCa === undefined || isTls) return brokerCa;
  throw new ConfigError("CONFIG", "expected --broker-url mqtts://… with --broker-ca");
}

function parseLogin(flags: ExternalBrokerFlags, isTls: boolean): ControllerLogin {
  const { brokerCert, brokerKey, brokerUser, brokerPasswordFile } = flags;
  const hasCertificate = both(["--broker-cert", brokerCert], ["--broker-key", brokerKey]);
  const hasPassword = both(
    ["--broker-user", brokerUser],
    ["--broker-password-file", brokerPasswordFile],
  );
  if (hasCertificate !== undefined && hasPassword !== undefined) {
    throw new ConfigError("CONFIG", "expected --broker-cert or --broker-user, got both");
  }
  if (hasPassword !== undefined) {
    const [username, passwordFile] = hasPassword;
    return { kind: "password", username, passwordFile };
  }
  if (hasCertificate === undefined) return { kind: isTls ? "own-certificate" : "anonymous" };
  if (!isTls) throw new ConfigError("CONFIG", "expected --broker-url mqtts://… with --broker-cert");
  const [certificateFile, keyFile] = hasCertificate;
  return { kind: "certificate", certificateFile, keyFile };
}

type Given = readonly [flag: string, value: string | undefined];

/** @throws ConfigError when one of two is given */
function both([first, left]: Given, [second, right]: Given): readonly [string, string] | undefined {
  if (left !== undefined && right !== undefined) return [left, right];
  if (left === undefined && right === undefined) return undefined;
  throw new ConfigError("CONFIG", `expected ${first} and ${second} together, got one`);
}

/** The first of these flags that is given. */
function named(flags: Readonly<Record<string, string | boolean | undefined>>): string | undefined {
  return Object.entries(flags).find(([, value]) => value !== undefined)?.[0];
}
