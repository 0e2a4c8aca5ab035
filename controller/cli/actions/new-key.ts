import { randomBytes } from "node:crypto";
import { rm, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { decodeBase64, encodeBase64, formatTimestamp, keyLimits } from "@modelfleet/protocol";
import { commandEnvironment, commandKey } from "../../src/adapters/key-provider/command-key.ts";
import {
  CommandKey,
  type KeyFile,
  KeyName,
  type SealedKey,
} from "../../src/adapters/key-provider/key-forms.ts";
import { readForeignPublicKey } from "../../src/adapters/key-provider/read-foreign-public-key.ts";
import { sealSeed } from "../../src/adapters/key-provider/sealed-seed.ts";
import { writeKeyFile } from "../../src/adapters/key-provider/write-key-file.ts";
import { CliError } from "../cli-error.ts";
import { passphraseFileOf, readPassphrase, shortKeyId } from "../key-access.ts";
import type { KeyOptions } from "../key-options.ts";
import { localContext } from "../local-context.ts";
import type { Terminal } from "../terminal.ts";

const SEED_BYTES = 32;

export interface NewKeyOptions extends KeyOptions {
  readonly out: string;
  readonly command?: string;
  readonly publicKey?: string;
  readonly pass: readonly string[];
}

/** A key under a passphrase, or a file that says which program signs; and beside it the public half. */
export async function newKey(
  terminal: Terminal,
  name: string,
  given: { readonly words: readonly string[]; readonly options: NewKeyOptions },
): Promise<void> {
  const { words, options } = given;
  const context = localContext(terminal, options);
  refuseName(name);
  const key =
    options.command === undefined
      ? await sealedKey(terminal, name, options)
      : await testedCommand(terminal, name, { ...options, command: options.command, words });
  const publicFile = `${options.out.replace(/\.key$/, "")}.pub`;
  const { publicKey } = key;
  await writePair(
    [options.out, key],
    [publicFile, { format: "modelfleet-public-key-1", name, publicKey }],
  );
  const keyid = shortKeyId({ publicKey: decodeBase64(publicKey) ?? new Uint8Array() });
  const made = { name, keyid, publicKey, file: options.out, publicFile };
  context.answer(made, () => `${options.out}  ${keyid}\n${publicFile}`);
  context.say(
    `keep ${options.out} and its passphrase apart, and a copy of both; give away ${publicFile}`,
  );
}

/** Both or none: half a pair would stand in the way of the next try. */
async function writePair(
  [path, key]: readonly [string, KeyFile],
  half: readonly [string, KeyFile],
): Promise<void> {
  await writeKeyFile(path, key);
  try {
    await writeKeyFile(...half);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

function refuseName(name: string): void {
  const parsed = KeyName.safeParse(name);
  if (parsed.success) return;
  throw new CliError("USAGE", `NAME: ${parsed.error.issues[0]?.message ?? "expected a name"}`);
}

async function sealedKey(
  terminal: Terminal,
  name: string,
  options: NewKeyOptions,
): Promise<SealedKey> {
  const passphrase = await newPassphrase(terminal, name, options);
  const seed = new Uint8Array(randomBytes(SEED_BYTES));
  const createdAt = formatTimestamp(terminal.nowMs());
  const key = await sealSeed(seed, { name, passphrase, createdAt, randomBytes });
  seed.fill(0);
  return key;
}

/** Typed twice, since nobody sees it. */
async function newPassphrase(
  terminal: Terminal,
  name: string,
  options: NewKeyOptions,
): Promise<string> {
  const { passphraseLengthMin } = keyLimits;
  const prompt = `new passphrase for key ${name} (${passphraseLengthMin} characters or more): `;
  const passphrase = await readPassphrase(terminal, options, prompt);
  if (passphrase.length < passphraseLengthMin) {
    const expected = `expected a passphrase of ${passphraseLengthMin} characters or more`;
    throw new CliError("USAGE", `${expected}, got ${passphrase.length}`);
  }
  // What a file holds need not be typed twice; and a pipe holds it only once.
  if (passphraseFileOf(terminal, options) !== undefined) return passphrase;
  const again = await readPassphrase(terminal, options, "the same again: ");
  if (again === passphrase) return passphrase;
  throw new CliError("USAGE", "expected the same passphrase twice, got two: nothing was made");
}

interface CommandPlan extends NewKeyOptions {
  readonly command: string;
  readonly words: readonly string[];
}

/** It must sign once before anything names it. */
async function testedCommand(
  terminal: Terminal,
  name: string,
  { command, words, publicKey, pass }: CommandPlan,
): Promise<CommandKey> {
  if (publicKey === undefined) {
    throw new CliError(
      "USAGE",
      "expected --public-key FILE (PEM or DER) of what the command signs with",
    );
  }
  const parsed = CommandKey.safeParse({
    format: "modelfleet-key-command-1",
    name,
    publicKey: await readForeignPublicKey(publicKey),
    command: [await programPath(command), ...words],
    environment: pass,
  });
  if (!parsed.success) {
    throw new CliError("USAGE", `--command: ${parsed.error.issues[0]?.message ?? "too long"}`);
  }
  const key = parsed.data;
  const env = commandEnvironment(pass, terminal.env);
  const bytes = decodeBase64(key.publicKey);
  if (bytes === undefined) throw new RangeError("expected checked base64");
  const signer = commandKey({ name, publicKey: bytes, words: key.command, env });
  await signer.sign(new TextEncoder().encode(encodeBase64(randomBytes(SEED_BYTES))));
  return key;
}

/** A path is written down whole: whoever uses the key may stand elsewhere. */
async function programPath(command: string): Promise<string> {
  const path = resolve(command);
  const isFile = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
  return isFile ? path : command;
}
