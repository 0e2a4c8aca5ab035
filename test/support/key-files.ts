/** Key files of a test's own, in the forms that `modelfleet key new` writes. */
import { writeFile } from "node:fs/promises";
import { encodeBase64 } from "@modelfleet/protocol";
import {
  fileKeyProvider,
  type KeyProviderOptions,
} from "../../controller/src/adapters/key-provider/key-provider.ts";
import type { KeyProvider } from "../../controller/src/ports/keys.ts";
import { seedOf, seedSigner } from "./trust-fixtures.ts";

/** A bare seed; opening it takes no time. */
export async function writePlainKey(path: string, name: string): Promise<void> {
  await writeFile(path, `${encodeBase64(seedOf(name))}\n`, { mode: 0o600 });
}

/** A key behind a command that signs with this seed by node:crypto, changed by `script`. */
export async function writeCommandKey(
  path: string,
  name: string,
  script: string = SIGN,
): Promise<void> {
  const key = {
    format: "modelfleet-key-command-1",
    name,
    publicKey: encodeBase64(seedSigner(name).publicKey),
    command: [process.execPath, "-e", script, encodeBase64(seedOf(name))],
    environment: ["SHOWN"],
  };
  await writeFile(path, JSON.stringify(key), { mode: 0o600 });
}

/** Reads stdin, signs with the seed in its first argument, answers raw bytes. */
export const SIGN = `
const { createPrivateKey, sign } = require("node:crypto");
const { readFileSync } = require("node:fs");
const head = Buffer.from("302e020100300506032b657004220420", "hex");
const key = Buffer.concat([head, Buffer.from(process.argv[1], "base64")]);
const signature = sign(null, readFileSync(0), createPrivateKey({ key, format: "der", type: "pkcs8" }));
process.stdout.write(signature);`;

export function testProvider(options: Partial<KeyProviderOptions> = {}): KeyProvider {
  return fileKeyProvider({
    passphrase: () => Promise.reject(new Error("expected no question for a passphrase")),
    allowPlain: true,
    env: process.env,
    ...options,
  });
}
