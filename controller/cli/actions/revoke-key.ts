import { KeyId, keyIdOf, type RootDocument } from "@modelfleet/protocol";
import { CliError } from "../cli-error.ts";
import { keyProvider } from "../key-access.ts";
import { localContext } from "../local-context.ts";
import { readRootFile } from "../root-file.ts";
import type { Terminal } from "../terminal.ts";
import { writeDraft } from "./rotate-root.ts";

const PREFIX_LENGTH_MIN = 16;

export interface RevokeKeyOptions {
  readonly root: string;
  readonly expires: string;
  readonly out: string;
  readonly json?: boolean;
}

/** The draft of the next root, in which this key has no role. */
export async function revokeKey(
  terminal: Terminal,
  key: string,
  options: RevokeKeyOptions,
): Promise<void> {
  const context = localContext(terminal, options);
  const current = await readRootFile(options.root);
  const keyid = await findKey(terminal, key, current.document);
  const { expires, out, root: path } = options;
  await writeDraft(context, { current, changes: { revoke: [keyid] }, path, expires, out });
}

/** A key that is lost has no file any more: 16 characters of its id will do. */
async function findKey(terminal: Terminal, key: string, root: RootDocument): Promise<KeyId> {
  const isId = /^[0-9a-f]+$/.test(key) && key.length >= PREFIX_LENGTH_MIN;
  const id = isId ? key : keyIdOf((await keyProvider(terminal, {}).read(key)).publicKey);
  const [found, ...others] = Object.keys(root.keys).filter((known) => known.startsWith(id));
  if (found !== undefined && others.length === 0) return KeyId.parse(found);
  throw new CliError(
    "USAGE",
    `expected one key of root ${root.version}, got ${others.length === 0 ? "none" : "more"} with id ${id.slice(0, 16)}: see modelfleet root inspect`,
  );
}
