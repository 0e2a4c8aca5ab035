import { generateKeyPairSync } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { certificateLimits } from "@modelfleet/protocol";
import type { BrokerLogin } from "./adapters/mqtt-bus/broker-login.ts";
import { ConfigError } from "./config-error.ts";
import { controllerName } from "./domain/broker/broker-plan.ts";
import type { ControllerLogin } from "./external-broker-config.ts";
import type { CertificateAuthority } from "./ports/certificate-authority.ts";
import type { Clock } from "./ports/clock.ts";
import { readPem } from "./read-pem.ts";

/** Of a certificate the controller makes for one connection: it is looked at when that begins. */
const OWN_LIFE_MS = 86_400_000;
const PASSWORD_BYTES_MAX = 1_024;

/**
 * How the controller shows itself to a broker elsewhere. Files are read now, so that a wrong one is noticed at the start, and
 * again for each connection.
 *
 * @throws ConfigError naming the flag and the file
 */
export async function openControllerLogin(
  login: ControllerLogin,
  surroundings: { readonly authority: CertificateAuthority; readonly clock: Clock },
): Promise<() => Promise<BrokerLogin>> {
  switch (login.kind) {
    case "anonymous":
      return () => Promise.resolve({});
    case "own-certificate":
      return () => ownCertificate(surroundings);
    case "certificate": {
      const read = () => readCertificate(login);
      await read();
      return read;
    }
    case "password": {
      const read = async () => ({
        username: login.username,
        password: await readPassword(login.passwordFile),
      });
      await read();
      return read;
    }
  }
}

/** The fleet's own authority signs it, as those of devices: a broker that knows the one knows the other. */
async function ownCertificate({
  authority,
  clock,
}: {
  readonly authority: CertificateAuthority;
  readonly clock: Clock;
}): Promise<BrokerLogin> {
  const keys = generateKeyPairSync("ed25519");
  const { x = "" } = keys.publicKey.export({ format: "jwk" });
  const nowMs = clock.nowMs();
  const random = Buffer.from(clock.randomBytes(certificateLimits.serialBytes - 1)).toString("hex");
  const cert = await authority.issue({
    name: controllerName,
    publicKey: new Uint8Array(Buffer.from(x, "base64url")),
    // Positive as a number of two's complement (RFC 5280, 4.1.2.2).
    serial: `40${random}`,
    validFromMs: nowMs - certificateLimits.clockSkewMs,
    validUntilMs: nowMs + OWN_LIFE_MS,
  });
  return { cert, key: keys.privateKey.export({ format: "pem", type: "pkcs8" }).toString() };
}

async function readCertificate({
  certificateFile,
  keyFile,
}: ControllerLogin & { readonly kind: "certificate" }): Promise<BrokerLogin> {
  const cert = await readPem("--broker-cert", certificateFile);
  const key = await readPem("--broker-key", keyFile);
  try {
    createSecureContext({ cert, key });
  } catch (cause) {
    const came = cause instanceof Error ? cause.message : "neither";
    throw new ConfigError(
      "CONFIG",
      `expected a certificate in --broker-cert and its key, unencrypted, in --broker-key, both PEM, got ${came}`,
      { cause },
    );
  }
  return { cert, key };
}

async function readPassword(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch((cause: unknown) => {
    const came = cause instanceof Error && "code" in cause ? String(cause.code) : "nothing";
    throw new ConfigError("CONFIG", `--broker-password-file: got ${came} from ${path}`, { cause });
  });
  const password = text.replace(/\r?\n$/, "");
  if (password.length > 0 && password.length <= PASSWORD_BYTES_MAX) return password;
  const expected = `expected a password of at most ${PASSWORD_BYTES_MAX} characters`;
  throw new ConfigError("CONFIG", `--broker-password-file: ${expected} in ${path}`);
}
