import type { Command } from "commander";
import type { ListKeysOptions } from "../actions/list-keys.ts";
import type { NewKeyOptions } from "../actions/new-key.ts";
import type { RevokeKeyOptions } from "../actions/revoke-key.ts";
import { withKeyOptions } from "../key-options.ts";
import type { Terminal } from "../terminal.ts";

/** Keys of people and machines; no controller and no network is needed. */
export function addKeyCommands(program: Command, terminal: Terminal): void {
  const key = program
    .command("key")
    .description("keys that sign roots, releases and orders; works without a network")
    .addHelpText("before", "Example:\n  modelfleet key new alice --out alice.key\n");
  addNew(key, terminal);
  key
    .command("list <folder>")
    .description("the keys in a folder; no passphrase is needed")
    .option("--root <file>", "says what each key may do under this root")
    .option("--json", "print one JSON object")
    .addHelpText("before", "Example:\n  modelfleet key list keys --root root.json\n")
    .action(async (folder: string, options: ListKeysOptions) => {
      const { listKeys } = await import("../actions/list-keys.ts");
      await listKeys(terminal, folder, options);
    });
  key
    .command("revoke <key>")
    .description("draft the next root, in which a key (a file, or its id) has no role any more")
    .requiredOption("--root <file>", "the root in force")
    .option("--expires <duration>", "how long the next root is in force", "365d")
    .requiredOption("--out <file>", "the draft; sign and publish it")
    .option("--json", "print one JSON object")
    .addHelpText(
      "before",
      "Example:\n  modelfleet key revoke bob.pub --root root.json --out root-2.json\n",
    )
    .action(async (name: string, options: RevokeKeyOptions) => {
      const { revokeKey } = await import("../actions/revoke-key.ts");
      await revokeKey(terminal, name, options);
    });
}

function addNew(key: Command, terminal: Terminal): void {
  withKeyOptions(
    key
      .command("new <name> [words...]")
      .description("make a key under a passphrase, or write down which program signs")
      .requiredOption("--out <file>", "the key file; its public half lies beside it as .pub")
      .option("--command <program>", "a program signs: bytes on stdin, signature on stdout")
      .option("--public-key <file>", "with --command: its public key, PEM or DER")
      .option("--pass <variable...>", "with --command: variables it gets, beside PATH", []),
  )
    .addHelpText(
      "before",
      "Examples:\n  modelfleet key new alice --out alice.key\n  modelfleet key new online --out online.key --public-key online.pem --command ./pkcs11-sign -- fleet 01\n",
    )
    .action(async (name: string, words: readonly string[], options: NewKeyOptions) => {
      const { newKey } = await import("../actions/new-key.ts");
      await newKey(terminal, name, { words, options });
    });
}
