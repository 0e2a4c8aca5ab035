import type { Command } from "commander";
import type { ListReleasesOptions } from "../actions/list-releases.ts";
import type { SignReleaseOptions } from "../actions/sign-release.ts";
import { type ApiOptions, withApiOptions } from "../api-options.ts";
import { withKeyOptions } from "../key-options.ts";
import type { Terminal } from "../terminal.ts";

export function addReleaseCommands(program: Command, terminal: Terminal): void {
  const release = program
    .command("release")
    .description("immutable signed versions of models")
    .addHelpText(
      "before",
      "Example:\n  modelfleet release publish examples/digits/releases/1.0.0\n",
    );
  withApiOptions(
    release
      .command("publish <folder>")
      .description(
        "upload the files that release.json in the folder names; they are scanned, and signed unless they are",
      ),
  )
    .addHelpText(
      "before",
      "Example:\n  modelfleet release publish examples/digits/releases/1.0.0\n",
    )
    .action(async (folder: string, options: ApiOptions) => {
      const { publishRelease } = await import("../actions/publish-release.ts");
      await publishRelease(terminal, folder, options);
    });
  withKeyOptions(
    release
      .command("sign <folder>")
      .description("scan and sign a release where its key is, without a controller or a network")
      .requiredOption("--key <file...>", "release keys")
      .requiredOption("--root <file>", "the root in force: it names fleet and release keys")
      .option("--out <file>", "where the signatures go (default: FOLDER/release.dsse.json)"),
  )
    .addHelpText(
      "before",
      "Example:\n  modelfleet release sign releases/2.0.0 --key release.key --root root.json\n",
    )
    .action(async (folder: string, options: SignReleaseOptions) => {
      const { signRelease } = await import("../actions/sign-release.ts");
      await signRelease(terminal, folder, options);
    });
  withApiOptions(
    release
      .command("approve <release>")
      .description("agree, as the second person, that a release (model@version) may be deployed"),
  )
    .addHelpText("before", "Example:\n  modelfleet release approve digits@2.0.0\n")
    .action(async (name: string, options: ApiOptions) => {
      const { approveRelease } = await import("../actions/approve-release.ts");
      await approveRelease(terminal, name, options);
    });
  withApiOptions(
    release
      .command("list")
      .description("every release, newest first")
      .option("--model <model>", "only releases of this model"),
  )
    .addHelpText("before", "Example:\n  modelfleet release list --model digits\n")
    .action(async (options: ListReleasesOptions) => {
      const { listReleases } = await import("../actions/list-releases.ts");
      await listReleases(terminal, options);
    });
}
