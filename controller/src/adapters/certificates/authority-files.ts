import { createPrivateKey, type webcrypto, X509Certificate } from "node:crypto";
import { open, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { certificateLimits } from "@modelfleet/protocol";
import { KeyError } from "../../domain/errors.ts";
import { ecdsaP256, type X509 } from "./x509.ts";

export interface AuthorityParts {
  readonly certificate: InstanceType<X509["X509Certificate"]>;
  readonly privateKey: webcrypto.CryptoKey;
}

const OTHERS = 0o077;

/** @returns undefined when there is neither file @throws KeyError KEY_INVALID */
export async function readAuthority(
  folder: string,
  x509: X509,
): Promise<AuthorityParts | undefined> {
  const [keyPath, certificatePath] = pathsIn(folder);
  const [key, pem] = [await readText(keyPath), await readText(certificatePath)];
  // The key is written first: alone it is of an attempt that broke off, and nobody has seen its certificate.
  if (pem === undefined) return undefined;
  if (key === undefined) throw invalid(keyPath, `expected the key of ${certificatePath}, got none`);
  if (((await stat(keyPath)).mode & OTHERS) !== 0) {
    throw invalid(keyPath, `expected only its owner to read it: chmod 600 ${keyPath}`);
  }
  try {
    requirePair(pem, key);
    const der = createPrivateKey(key).export({ format: "der", type: "pkcs8" });
    const privateKey = await crypto.subtle.importKey("pkcs8", der, ecdsaP256, true, ["sign"]);
    return { certificate: new x509.X509Certificate(pem), privateKey };
  } catch (cause) {
    throw invalid(keyPath, "expected a P-256 key in PEM, and its certificate in ca.pem", cause);
  }
}

/** The key first: a certificate without its key could never be used again. */
export async function storeAuthority(folder: string, authority: AuthorityParts): Promise<void> {
  const [keyPath, certificatePath] = pathsIn(folder);
  const der = Buffer.from(await crypto.subtle.exportKey("pkcs8", authority.privateKey));
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  await writeDurably(keyPath, key.export({ format: "pem", type: "pkcs8" }));
  await writeDurably(certificatePath, `${authority.certificate.toString("pem")}\n`);
}

function requirePair(pem: string, key: string): void {
  const certificate = new X509Certificate(pem);
  if (!certificate.checkPrivateKey(createPrivateKey(key))) {
    throw new RangeError("ca.pem belongs to another key");
  }
}

function pathsIn(folder: string): readonly [string, string] {
  return [join(folder, "ca.key"), join(folder, "ca.pem")];
}

async function readText(path: string): Promise<string | undefined> {
  try {
    const { size } = await stat(path);
    const { pemBytesMax } = certificateLimits;
    if (size > pemBytesMax) throw invalid(path, `expected at most ${pemBytesMax} bytes`);
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

async function writeDurably(path: string, text: string | Buffer): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

function invalid(path: string, text: string, cause?: unknown): KeyError {
  return new KeyError("KEY_INVALID", `${path}: ${text}`, { cause });
}
