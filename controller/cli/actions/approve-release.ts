import { Release, ReleaseList } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { CliError } from "../cli-error.ts";
import { type Context, contextOf } from "../context.ts";
import { readRelease } from "../read-options.ts";
import type { Terminal } from "../terminal.ts";

export async function approveRelease(
  terminal: Terminal,
  name: string,
  options: ApiOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const digest = await findRelease(context, name);
  const path = `/v1/releases/${digest}/approve`;
  const approved = await context.api.call({ method: "POST", path, answer: Release });
  context.answer(approved, () => approvalLine(name, approved));
}

/** Without a second person asked for, nothing has happened, and nobody is to think so. */
function approvalLine(name: string, { approval }: Release): string {
  return approval.state === "not-needed"
    ? `${name} waited for nobody's approval; it may be deployed as before`
    : `${name} may be deployed`;
}

async function findRelease(context: Context, name: string): Promise<string> {
  const { model, version } = readRelease(name);
  const list = await context.api.call({
    method: "GET",
    path: `/v1/releases?model=${encodeURIComponent(model)}`,
    answer: ReleaseList,
  });
  const found = list.releases.find(({ document }) => document.version === version);
  if (found !== undefined) return found.release;
  throw new CliError(
    "REFUSED",
    `expected a release that is there, got ${name}: see modelfleet release list`,
    {
      problemCode: "RELEASE_UNKNOWN",
    },
  );
}
