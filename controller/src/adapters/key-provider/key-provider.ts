import {
  decodeBase64,
  ed25519Signer,
  FormatError,
  keyLimits,
  parseStrictJson,
} from "@modelfleet/protocol";
import { KeyError } from "../../domain/errors.ts";
import type { KeyHandle, KeyProvider } from "../../ports/keys.ts";
import { commandEnvironment, commandKey } from "./command-key.ts";
import { type CommandKey, KeyFile, type SealedKey } from "./key-forms.ts";
import { readBounded } from "./read-bounded.ts";
import { openSeed } from "./sealed-seed.ts";

const OTHERS_ANY = 0o077;
const OTHERS_WRITE = 0o022;
const SEED_BYTES = 32;

export interface KeyProviderOptions {
  /** Asked once for each encrypted key that is opened. */
  readonly passphrase: (key: { readonly name: string; readonly path: string }) => Promise<string>;
  /** Seeds that lie there unprotected: for trying things out only. */
  readonly allowPlain: boolean;
  /** Where commands get what their key file names. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Keys in files: encrypted, behind a command, as a public half, or (with --dev) as a bare seed. */
export function fileKeyProvider(options: KeyProviderOptions): KeyProvider {
  return {
    read: async (path) => {
      const { bytes, mode } = await readBounded(path, keyLimits.fileBytesMax);
      if (bytes[0] !== "{".charCodeAt(0)) return plainHandle(bytes, { path, mode, options });
      const file = parseKeyFile(bytes, path);
      switch (file.format) {
        case "modelfleet-key-1":
          refuseBits(path, mode & OTHERS_ANY, "read");
          return sealedHandle(file, path, options);
        case "modelfleet-key-command-1":
          refuseBits(path, mode & OTHERS_WRITE, "write");
          return commandHandle(file, options);
        case "modelfleet-public-key-1":
          return { ...headOf(file), kind: "public", createdAt: null, open: () => noSecret(path) };
      }
    },
  };
}

function sealedHandle(file: SealedKey, path: string, options: KeyProviderOptions): KeyHandle {
  const { name, createdAt } = file;
  const open = async () => openSeed(file, await options.passphrase({ name, path }), path);
  return { ...headOf(file), kind: "encrypted", createdAt, open };
}

function commandHandle(file: CommandKey, { env }: KeyProviderOptions): KeyHandle {
  const passed = commandEnvironment(file.environment, env);
  const plan = { ...headOf(file), words: file.command, env: passed };
  const open = () => Promise.resolve(commandKey(plan));
  return { ...headOf(file), kind: "command", createdAt: null, open };
}

interface PlainFile {
  readonly path: string;
  readonly mode: number;
  readonly options: KeyProviderOptions;
}

function plainHandle(bytes: Uint8Array, { path, mode, options }: PlainFile): KeyHandle {
  refuseBits(path, mode & OTHERS_ANY, "read");
  const seed = decodeBase64(new TextDecoder().decode(bytes).trim());
  if (seed?.length !== SEED_BYTES) {
    throw new KeyError(
      "KEY_INVALID",
      `${path}: expected a key file as "modelfleet key new" writes it, or a seed of 32 bytes in base64`,
    );
  }
  if (!options.allowPlain) {
    throw new KeyError(
      "KEY_INVALID",
      `${path}: expected an encrypted key or one behind a command, got a bare seed: make a key with "modelfleet key new" and let the next root name it (modelfleet root rotate), or start with --allow-plain-keys where the disk itself is protected`,
    );
  }
  const signer = ed25519Signer(seed);
  return {
    ...{ kind: "plain", name: "plain", publicKey: signer.publicKey, createdAt: null },
    open: () => Promise.resolve(signer),
  };
}

function parseKeyFile(bytes: Uint8Array, path: string): KeyFile {
  const parsed = KeyFile.safeParse(parse(bytes, path));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.map(String).join(".") ?? "";
  throw new KeyError("KEY_INVALID", `${path}: ${field}: ${issue?.message ?? "not a key file"}`);
}

function parse(bytes: Uint8Array, path: string): unknown {
  try {
    return parseStrictJson(bytes, { bytesMax: keyLimits.fileBytesMax });
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new KeyError("KEY_INVALID", `${path}: ${cause.message}`, { cause });
  }
}

function headOf(file: { readonly name: string; readonly publicKey: string }) {
  const publicKey = decodeBase64(file.publicKey);
  if (publicKey === undefined) throw new RangeError("expected checked base64");
  return { name: file.name, publicKey };
}

function refuseBits(path: string, bits: number, verb: "read" | "write"): void {
  if (bits === 0) return;
  throw new KeyError(
    "KEY_INVALID",
    `expected only its owner to ${verb} ${path}: chmod 600 ${path}`,
  );
}

function noSecret(path: string): Promise<never> {
  const message = `${path}: expected a key that can sign, got only its public half`;
  return Promise.reject(new KeyError("KEY_INVALID", message));
}
