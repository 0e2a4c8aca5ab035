import { keyIdOf, type SigningKey } from "@modelfleet/protocol";
import { fileKeyProvider } from "../src/adapters/key-provider/key-provider.ts";
import { readPassphraseFile } from "../src/adapters/key-provider/passphrase-file.ts";
import type { KeyHandle, KeyProvider } from "../src/ports/keys.ts";
import { CliError } from "./cli-error.ts";
import type { KeyOptions } from "./key-options.ts";
import type { LocalContext } from "./local-context.ts";
import type { Terminal } from "./terminal.ts";

/** Keys of every kind; an encrypted one asks for its passphrase when it is opened. */
export function keyProvider(terminal: Terminal, options: KeyOptions): KeyProvider {
  return fileKeyProvider({
    passphrase: ({ name, path }) =>
      readPassphrase(terminal, options, `passphrase of key ${name} (${path}): `),
    allowPlain: true,
    env: terminal.env,
  });
}

/** Opens a key that is to sign, and says so where it lies there unprotected. */
export async function openSigningKey(
  context: LocalContext,
  provider: KeyProvider,
  path: string,
): Promise<SigningKey> {
  const handle = await provider.read(path);
  if (handle.kind === "plain") {
    context.say(`warning: ${path} is a bare seed: whoever reads the file has the key`);
  }
  return handle.open();
}

/** From the file that is named, or from the person at the keyboard. @throws CliError USAGE when there is neither */
export async function readPassphrase(
  terminal: Terminal,
  options: KeyOptions,
  prompt: string,
): Promise<string> {
  const passphraseFile = passphraseFileOf(terminal, options);
  if (passphraseFile !== undefined) return readPassphraseFile(passphraseFile);
  if (terminal.askSecret !== undefined) return terminal.askSecret(prompt);
  throw new CliError(
    "USAGE",
    "expected a passphrase, and nobody is here to be asked: name a file with it in --passphrase-file or MODELFLEET_KEY_PASSPHRASE_FILE",
  );
}

export function passphraseFileOf({ env }: Terminal, options: KeyOptions): string | undefined {
  return options.passphraseFile ?? env["MODELFLEET_KEY_PASSPHRASE_FILE"];
}

/** Public halves of key files, in their order. */
export async function readPublicKeys(
  provider: KeyProvider,
  paths: readonly string[],
): Promise<Uint8Array[]> {
  const keys: Uint8Array[] = [];
  for (const path of paths) keys.push((await provider.read(path)).publicKey);
  return keys;
}

/**
 * Public halves of the keys of one role: a key that is named twice would count once, and the role be weaker than it looks.
 *
 * @throws CliError USAGE naming both files
 */
export async function readRoleKeys(
  provider: KeyProvider,
  option: string,
  paths: readonly string[],
): Promise<Uint8Array[]> {
  const keys = await readPublicKeys(provider, paths);
  const pathOf = new Map<string, string>();
  for (const [place, key] of keys.entries()) {
    const [keyid, path] = [keyIdOf(key), paths[place] ?? ""];
    const before = pathOf.get(keyid);
    pathOf.set(keyid, path);
    if (before === undefined) continue;
    throw new CliError(
      "USAGE",
      `${option}: expected each key once, got ${keyid.slice(0, 16)} in ${before} and in ${path}: name another key`,
    );
  }
  return keys;
}

/** What people compare by eye. */
export function shortKeyId({ publicKey }: Pick<KeyHandle, "publicKey">): string {
  return keyIdOf(publicKey).slice(0, 16);
}
