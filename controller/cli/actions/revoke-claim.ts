import { Claim } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import type { Terminal } from "../terminal.ts";

export async function revokeClaim(
  terminal: Terminal,
  id: string,
  options: ApiOptions,
): Promise<void> {
  const context = contextOf(terminal, options);
  const path = `/v1/claims/${encodeURIComponent(id)}`;
  const claim = await context.api.call({ method: "DELETE", path, answer: Claim });
  context.answer(
    claim,
    () => `claim ${claim.id} is revoked; ${claim.used} of ${claim.uses} uses were taken`,
  );
}
