import { LearnedProfileAnswer } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import { refuseOther, writeProfile } from "../profile/write-profile.ts";
import { readCount } from "../read-options.ts";
import { renderLearned } from "../render/learned-profile.ts";
import type { Terminal } from "../terminal.ts";

export interface LearnProfileOptions extends ApiOptions {
  readonly cohort: string;
  readonly windows?: string;
  readonly items?: string;
  readonly out: string;
}

/** @throws CliError USAGE and FILE; REFUSED with what there is and what it takes */
export async function learnProfile(
  terminal: Terminal,
  { model, version }: { readonly model: string; readonly version: string },
  options: LearnProfileOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const query = new URLSearchParams({ cohort: options.cohort });
  for (const name of ["windows", "items"] as const) {
    const text = options[name];
    if (text !== undefined) query.set(name, String(readCount(`--${name}`, text)));
  }
  await refuseOther(options.out);
  const release = `${encodeURIComponent(model)}/versions/${encodeURIComponent(version)}`;
  const path = `/v1/models/${release}/learned-profile?${query.toString()}`;
  const answer = await context.api.call({ method: "GET", path, answer: LearnedProfileAnswer });
  await writeProfile(options.out, answer.profile);
  context.answer({ out: options.out, ...answer }, () => renderLearned(options.out, answer));
}
