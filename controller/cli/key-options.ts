import type { Command } from "commander";

/** What `withKeyOptions` adds; the options of a command that opens keys extend it. */
export interface KeyOptions {
  readonly passphraseFile?: string;
  readonly json?: boolean;
}

/** Adds the options of every command that opens a key. A passphrase itself is never on a command line. */
export function withKeyOptions(command: Command): Command {
  return command
    .option(
      "--passphrase-file <file>",
      "its first line is the passphrase (default: MODELFLEET_KEY_PASSPHRASE_FILE, or you are asked)",
    )
    .option("--json", "print one JSON object");
}
