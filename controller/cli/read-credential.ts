import { readFileSync, statSync } from "node:fs";
import { accessLimits } from "@modelfleet/protocol";
import { CliError } from "./cli-error.ts";
import type { Terminal } from "./terminal.ts";

/**
 * The caller's API key or token, from a file or the environment; never from an argument, which every process on the
 * machine can read.
 *
 * @throws CliError USAGE naming what cannot be a key; the text itself is in no message
 */
export function readCredential({ env }: Terminal, file: string | undefined): string | undefined {
  const text = file === undefined ? env["MODELFLEET_API_KEY"]?.trim() : readKeyFile(file);
  if (text === undefined || (text === "" && file === undefined)) return undefined;
  if (/^[\x21-\x7e]+$/.test(text) && text.length <= accessLimits.tokenBytesMax) return text;
  const place = file === undefined ? "MODELFLEET_API_KEY" : `--api-key-file ${file}`;
  throw new CliError(
    "USAGE",
    `${place}: expected one API key or token without spaces, got ${text.length} characters`,
  );
}

function readKeyFile(file: string): string {
  try {
    const { size } = statSync(file);
    if (size > accessLimits.keyFileBytesMax) {
      throw new RangeError(`expected at most ${accessLimits.keyFileBytesMax} bytes, got ${size}`);
    }
    return readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw new CliError("USAGE", `--api-key-file ${file}: cannot be read: ${String(cause)}`, {
      cause,
    });
  }
}
