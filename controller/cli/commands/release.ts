import type { Command } from "commander";
import type { ListReleasesOptions } from "../actions/list-releases.ts";
import { type ApiOptions, withApiOptions } from "../api-options.ts";
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
        "upload the files that release.json in the folder names; they are scanned and signed",
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
