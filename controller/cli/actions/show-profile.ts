import { localContext } from "../local-context.ts";
import { readProfile } from "../profile/read-profile.ts";
import { renderProfile } from "../render/profile.ts";
import type { Terminal } from "../terminal.ts";

export interface ShowProfileOptions {
  readonly json?: boolean;
}

export async function showProfile(
  terminal: Terminal,
  path: string,
  options: ShowProfileOptions,
): Promise<void> {
  const profile = await readProfile(path);
  localContext(terminal, options).answer(profile, () => renderProfile(profile));
}
