import { ReleaseList } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import { age, table } from "../render/table.ts";
import type { Terminal } from "../terminal.ts";

export interface ListReleasesOptions extends ApiOptions {
  readonly model?: string;
}

export async function listReleases(
  terminal: Terminal,
  options: ListReleasesOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const query = options.model === undefined ? "" : `?model=${encodeURIComponent(options.model)}`;
  const list = await context.api.call({
    method: "GET",
    path: `/v1/releases${query}`,
    answer: ReleaseList,
  });
  const releases = list.releases.toSorted((one, other) => other.publishedAtMs - one.publishedAtMs);
  context.answer({ releases }, () => renderList({ releases }, terminal.nowMs(), options.model));
}

function renderList(list: ReleaseList, nowMs: number, model: string | undefined): string {
  if (list.releases.length === 0 && model !== undefined) return `no release of ${model}`;
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
