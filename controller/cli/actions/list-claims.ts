import { type Claim, ClaimList } from "@modelfleet/protocol";
import type { ApiOptions } from "../api-options.ts";
import { contextOf } from "../context.ts";
import { table } from "../render/table.ts";
import type { Terminal } from "../terminal.ts";

export async function listClaims(terminal: Terminal, options: ApiOptions): Promise<void> {
  const context = contextOf(terminal, options);
  const list = await context.api.call({ method: "GET", path: "/v1/claims", answer: ClaimList });
  context.answer(list, () => renderClaims(list, terminal.nowMs()));
}

function renderClaims({ claims }: ClaimList, nowMs: number): string {
  if (claims.length === 0) return 'no claim yet: make one with "modelfleet claim create"';
  const rows = claims.map((claim) => [
    claim.id,
    claim.class,
    claim.device ?? "any",
    `${claim.used} of ${claim.uses}`,
    claim.needsApproval ? "by approval" : "at once",
    stateOf(claim, nowMs),
  ]);
  return table(["claim", "class", "device", "used", "admits", "state"], rows);
}

function stateOf({ revokedAtMs, expiresAtMs, used, uses }: Claim, nowMs: number): string {
  if (revokedAtMs !== null) return `revoked ${new Date(revokedAtMs).toISOString()}`;
  const until = new Date(expiresAtMs).toISOString();
  if (nowMs >= expiresAtMs) return `expired ${until}`;
  return used < uses ? `open until ${until}` : "used up";
}
