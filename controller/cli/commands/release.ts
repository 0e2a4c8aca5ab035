import { ReleaseList } from "@modelfleet/protocol";
import type { Command } from "commander";
import { type CommonOptions, contextOf, withCommonOptions } from "../context.ts";
import { publishFolder } from "../publish-folder.ts";
import { age, table } from "../render/table.ts";
import type { Terminal } from "../terminal.ts";

interface ListOptions extends CommonOptions {
  readonly model?: string;
}

export function addReleaseCommands(program: Command, terminal: Terminal): void {
  const release = program.command("release").description("immutable signed versions of models");
  withCommonOptions(
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
    .action(async (folder: string, options: CommonOptions) => {
      const context = contextOf(terminal, options);
      const published = await publishFolder(context, folder);
      const { model, version } = published.document;
      context.answer(published, () => `${model}@${version}  ${published.release}`);
      if (!context.json) terminal.err(`next: modelfleet deploy ${model}@${version} --all --wait\n`);
    });
  withCommonOptions(
    release
      .command("list")
      .description("every release, newest first")
      .option("--model <model>", "only releases of this model"),
  )
    .addHelpText("before", "Example:\n  modelfleet release list --model digits\n")
    .action(async (options: ListOptions) => {
      const context = contextOf(terminal, options);
      const query =
        options.model === undefined ? "" : `?model=${encodeURIComponent(options.model)}`;
      const list = await context.api.call({
        method: "GET",
        path: `/v1/releases${query}`,
        answer: ReleaseList,
      });
      context.answer(list, () => renderList(list, terminal.nowMs()));
    });
}

function renderList(list: ReleaseList, nowMs: number): string {
  if (list.releases.length === 0) {
    return 'no release yet: publish one with "modelfleet release publish FOLDER"';
  }
  const rows = list.releases.map(({ release, document, publishedAtMs }) => [
    `${document.model}@${document.version}`,
    `${document.files.reduce((sum, file) => sum + file.size, 0)}`,
    document.compat.runtime,
    `${age(publishedAtMs, nowMs)} ago`,
    release.slice(0, 16),
  ]);
  return table(["release", "bytes", "runtime", "published", "digest"], rows);
}
