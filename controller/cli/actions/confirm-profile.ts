import { learningLimits, type ReferenceProfile } from "@modelfleet/protocol";
import { CliError } from "../cli-error.ts";
import { localContext } from "../local-context.ts";
import { fileFault } from "../profile/file-fault.ts";
import { readProfile } from "../profile/read-profile.ts";
import { writeProfile } from "../profile/write-profile.ts";
import { renderConfirmed } from "../render/learned-profile.ts";
import type { Terminal } from "../terminal.ts";

export interface ConfirmProfileOptions {
  readonly by: string;
  readonly json?: boolean;
}

/**
 * A person says that what was learnt is how things should be. The file says who and when; it holds for devices and alerts
 * when a release with it is signed.
 *
 * @throws CliError USAGE without a name; FILE for a profile that has nothing to confirm
 */
export async function confirmProfile(
  terminal: Terminal,
  path: string,
  options: ConfirmProfileOptions,
): Promise<void> {
  const by = nameOf(options.by);
  const learnt = await readProfile(path);
  const profile = confirmed(path, learnt, { by, atMs: terminal.nowMs() });
  await writeProfile(path, profile);
  localContext(terminal, options).answer(profile, () => renderConfirmed(path, profile));
}

/** @throws CliError USAGE */
function nameOf(text: string): string {
  const { confirmedByLengthMax: max } = learningLimits;
  const name = text.trim();
  if (name !== "" && name.length <= max) return name;
  throw new CliError("USAGE", `--by: expected a name of 1 to ${max} characters`);
}

function confirmed(
  path: string,
  profile: ReferenceProfile,
  who: { readonly by: string; readonly atMs: number },
): ReferenceProfile {
  const { provisional, learned, ...rest } = profile;
  if (profile.learning === true) {
    throw fileFault(
      { path },
      "expected a learnt profile, got one that has nothing learnt yet: modelfleet profile learn",
    );
  }
  if (provisional !== true) {
    const who = learned?.confirmed?.by;
    const by =
      who === undefined ? "one that was not learnt from windows" : `one that ${who} has confirmed`;
    throw fileFault({ path }, `expected a provisional profile, got ${by}`);
  }
  return { ...rest, ...(learned && { learned: { ...learned, confirmed: who } }) };
}
