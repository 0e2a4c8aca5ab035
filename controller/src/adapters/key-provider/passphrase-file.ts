import { keyLimits } from "@modelfleet/protocol";
import { KeyError } from "../../domain/errors.ts";
import { readBounded } from "./read-bounded.ts";

const EVERYBODY = 0o007;

/** The first line of a file is the passphrase; so an editor may end it as it likes. @throws KeyError KEY_LOCKED | KEY_INVALID */
export async function readPassphraseFile(path: string): Promise<string> {
  const { bytes, mode } = await readBounded(path, keyLimits.passphraseBytesMax);
  if ((mode & EVERYBODY) !== 0) {
    const way = `chmod 600 ${path}`;
    throw new KeyError("KEY_INVALID", `expected a passphrase only its owner reads: ${way}`);
  }
  const [line = ""] = textOf(bytes, path).split(/\r?\n/, 1);
  if (line !== "") return line;
  throw new KeyError("KEY_LOCKED", `${path}: expected a passphrase on the first line, got none`);
}

/** Of random bytes the half that is no text would become one and the same character: a passphrase easy to guess. */
function textOf(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    const way = "write random bytes as base64";
    throw new KeyError("KEY_INVALID", `${path}: expected text (UTF-8): ${way}`, { cause });
  }
}
