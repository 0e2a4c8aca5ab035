import type { Command } from "commander";
import type { InitRootOptions } from "../actions/init-root.ts";
import type { RotateRootOptions } from "../actions/rotate-root.ts";
import type { ShowRootOptions } from "../actions/show-root.ts";
import type { InspectRootOptions } from "../actions/show-root-file.ts";
import type { SignRootOptions } from "../actions/sign-root.ts";
import { type ApiOptions, withApiOptions } from "../api-options.ts";
import { withKeyOptions } from "../key-options.ts";
import type { Terminal } from "../terminal.ts";

/** All but `publish` and `show` need no controller and no network. */
export function addRootCommands(program: Command, terminal: Terminal): void {
  const root = program
    .command("root")
    .description("who may sign what: make, sign and replace the fleet's root document")
    .addHelpText("before", "Example:\n  modelfleet root inspect root.json\n");
  addInit(root, terminal);
  addSign(root, terminal);
  addRotate(root, terminal);
  addInspect(root, terminal);
  addPublish(root, terminal);
}

function addInit(root: Command, terminal: Terminal): void {
  root
    .command("init")
    .description("draft the first root of a fleet from key files or their public halves")
    .option("--fleet <uuid>", "its id", "auto")
    .requiredOption("--root-key <file...>", "keys that together change roots; kept offline")
    .option("--threshold <count>", "how many of them must sign", "2")
    .requiredOption("--release-key <[models=]file...>", "keys that sign releases, in CI")
    .requiredOption("--online-key <file...>", "keys that sign orders, at the controller")
    .option("--expires <duration>", "how long it is in force", "365d")
    .requiredOption("--out <file>", "the draft; sign it next")
    .option("--json", "print one JSON object")
    .addHelpText(
      "before",
      "Example:\n  modelfleet root init --root-key a.pub b.pub c.pub --release-key release.pub --online-key online.pub --out root.json\n",
    )
    .action(async (options: InitRootOptions) => {
      const { initRoot } = await import("../actions/init-root.ts");
      await initRoot(terminal, options);
    });
}

function addSign(root: Command, terminal: Terminal): void {
  withKeyOptions(
    root
      .command("sign <file>")
      .description("add signatures to a root, and say how many are still wanted")
      .requiredOption("--key <file...>", "root keys")
      .option("--against <file>", "the root in force: keys that leave with this one sign too"),
  )
    .addHelpText("before", "Example:\n  modelfleet root sign root.json --key a.key\n")
    .action(async (file: string, options: SignRootOptions) => {
      const { signRoot } = await import("../actions/sign-root.ts");
      await signRoot(terminal, file, options);
    });
}

function addRotate(root: Command, terminal: Terminal): void {
  root
    .command("rotate <file>")
    .description("draft the next root; without a change, the same again for another year")
    .option("--replace-online <file...>", "in place of every online key", [])
    .option("--replace-release <[rule=]file...>", "in place of every key of a release rule", [])
    .option("--replace-root <old=new...>", "one root key for another", [])
    .option("--add-root <file...>", "one more root key", [])
    .option("--threshold <count>", "how many root keys must sign from now on")
    .option("--revoke-release <sha256...>", "releases no device may start any more", [])
    .option("--expires <duration>", "how long it is in force", "365d")
    .requiredOption("--out <file>", "the draft; sign it with keys of the root in force")
    .option("--json", "print one JSON object")
    .addHelpText(
      "before",
      "Examples:\n  modelfleet root rotate root.json --replace-online online-2.pub --out root-2.json\n  modelfleet root rotate root.json --replace-root a.pub=d.pub --out root-2.json\n",
    )
    .action(async (file: string, options: RotateRootOptions) => {
      const { rotateRoot } = await import("../actions/rotate-root.ts");
      await rotateRoot(terminal, file, options);
    });
}

function addInspect(root: Command, terminal: Terminal): void {
  root
    .command("inspect <file>")
    .description("version, end, roles, keys and signatures of a root, also of a draft")
    .option("--against <file>", "whether it follows from this root")
    .option("--json", "print one JSON object")
    .addHelpText("before", "Example:\n  modelfleet root inspect root-2.json --against root.json\n")
    .action(async (file: string, options: InspectRootOptions) => {
      const { showRootFile } = await import("../actions/show-root-file.ts");
      await showRootFile(terminal, file, options);
    });
}

function addPublish(root: Command, terminal: Terminal): void {
  withApiOptions(
    root.command("publish <file>").description("put the next root in force at a controller"),
  )
    .addHelpText("before", "Example:\n  modelfleet root publish root-2.json\n")
    .action(async (file: string, options: ApiOptions) => {
      const { publishRoot } = await import("../actions/publish-root.ts");
      await publishRoot(terminal, file, options);
    });
  withApiOptions(
    root
      .command("show")
      .description("the root in force at a controller")
      .option("--out <file>", "keep it as a file, to make the next one from"),
  )
    .addHelpText("before", "Example:\n  modelfleet root show --out root.json\n")
    .action(async (options: ShowRootOptions) => {
      const { showRoot } = await import("../actions/show-root.ts");
      await showRoot(terminal, options);
    });
}
