import { createPrivateKey } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { certificateLimits, FormatError } from "@modelfleet/protocol";

/** Files for TLS to the broker, as they stand on the command line. */
export interface MqttTlsOptions {
  readonly mqttCa?: string;
  readonly mqttCert?: string;
  readonly mqttKey?: string;
}

/** All in PEM. */
export interface MqttTlsFiles {
  /** Authorities of the broker's certificate, in place of the usual ones. */
  readonly ca: string | undefined;
  /** A client certificate of somebody else's making; undefined: the one of the controller. */
  readonly own: { readonly cert: string; readonly key: string } | undefined;
}

/** PKCS #8 of an Ed25519 key up to its seed (RFC 8410, 7). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/** @throws FormatError naming the option and the file */
export async function readMqttTls(options: MqttTlsOptions): Promise<MqttTlsFiles> {
  const { mqttCa, mqttCert, mqttKey } = options;
  if ((mqttCert === undefined) !== (mqttKey === undefined)) {
    throw new FormatError("FORMAT", "expected --mqtt-cert and --mqtt-key together, got one");
  }
  return {
    ca: mqttCa === undefined ? undefined : await readPem("--mqtt-ca", mqttCa),
    own:
      mqttCert === undefined || mqttKey === undefined
        ? undefined
        : {
            cert: await readPem("--mqtt-cert", mqttCert),
            key: await readPem("--mqtt-key", mqttKey),
          },
  };
}

/** The device's key as TLS wants it. */
export function keyPem(seed: Uint8Array): string {
  const key = Buffer.concat([PKCS8_PREFIX, seed]);
  const privateKey = createPrivateKey({ key, format: "der", type: "pkcs8" });
  return privateKey.export({ format: "pem", type: "pkcs8" }).toString();
}

export async function readPem(option: string, path: string): Promise<string> {
  const { pemBytesMax } = certificateLimits;
  try {
    const { size } = await stat(path);
    const text = size > pemBytesMax ? "" : await readFile(path, "utf8");
    if (text.includes("-----BEGIN ")) return text;
  } catch (cause) {
    const came = cause instanceof Error ? cause.message : "nothing";
    throw new FormatError("FORMAT", `${option}: expected a PEM file, got: ${came}`, { cause });
  }
  const expected = `expected PEM of at most ${pemBytesMax} bytes`;
  throw new FormatError("FORMAT", `${option}: ${expected} in ${path}`);
}
