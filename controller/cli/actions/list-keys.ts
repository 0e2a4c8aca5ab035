import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { encodeBase64, keyIdOf, keyLimits, type RootDocument } from "@modelfleet/protocol";
import { KeyError } from "../../src/domain/errors.ts";
import type { KeyHandle } from "../../src/ports/keys.ts";
import { CliError } from "../cli-error.ts";
import { keyProvider } from "../key-access.ts";
import { localContext } from "../local-context.ts";
import { table } from "../render/table.ts";
import { readRootFile } from "../root-file.ts";
import type { Terminal } from "../terminal.ts";

export interface ListKeysOptions {
  readonly root?: string;
  readonly json?: boolean;
}

/** The keys of a folder by their public halves; no passphrase is needed. */
export async function listKeys(
  terminal: Terminal,
  folder: string,
  options: ListKeysOptions,
): Promise<void> {
  const context = localContext(terminal, options);
  const root = options.root === undefined ? undefined : await readRootFile(options.root);
  const provider = keyProvider(terminal, {});
  const keys: ListedKey[] = [];
  for (const file of await keyFiles(folder)) {
    const handle = await readOrSay(() => provider.read(join(folder, file)), context.say);
    if (handle !== undefined) keys.push(describe(file, handle, root?.document));
  }
  context.answer({ keys }, () =>
    keys.length === 0
      ? `no key in ${folder}: make one with "modelfleet key new NAME --out ${folder}/NAME.key"`
      : table(
          ["file", "name", "kind", "key", "made", "roles"],
          keys.map(({ file, name, kind, keyid, createdAt, roles }) => [
            ...[file, name, kind, keyid.slice(0, 16), createdAt ?? "-"],
            roles === null ? "?" : roles.join(", ") || "none",
          ]),
        ),
  );
}

async function keyFiles(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new CliError("FILE", `${folder}: cannot be read: ${String(cause)}`, { cause });
  });
  const files = names.filter((name) => /\.(key|pub)$/.test(name)).toSorted();
  if (files.length <= 2 * keyLimits.filesPerFolderMax) return files;
  throw new CliError("FILE", `${folder}: expected fewer keys, got ${files.length} files`);
}

/** One file that is none must not hide the others. */
async function readOrSay(
  read: () => Promise<KeyHandle>,
  say: (text: string) => void,
): Promise<KeyHandle | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    say(error.message);
    return undefined;
  }
}

type ListedKey = ReturnType<typeof describe>;

function describe(file: string, handle: KeyHandle, root: RootDocument | undefined) {
  const { name, kind, publicKey, createdAt } = handle;
  const keyid = keyIdOf(publicKey);
  const roles = root === undefined ? null : rolesOf(root, keyid);
  return { file, name, kind, keyid, publicKey: encodeBase64(publicKey), createdAt, roles };
}

function rolesOf({ roles }: RootDocument, keyid: string): readonly string[] {
  const rules = [
    { name: "root", keyids: roles.root.keyids },
    ...roles.release.map(({ name, keyids }) => ({ name: `release ${name}`, keyids })),
    { name: "online", keyids: roles.online.keyids },
  ];
  return rules.filter(({ keyids }) => keyids.some((id) => id === keyid)).map(({ name }) => name);
}
