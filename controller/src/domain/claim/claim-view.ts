import type { Claim } from "@modelfleet/protocol";

/** What an operator may see of a claim: never its secret. */
export function claimView(claim: Claim): Claim {
  const { id, class: deviceClass, uses, used, expiresAtMs, labels } = claim;
  const { device, needsApproval, revokedAtMs } = claim;
  return {
    id,
    class: deviceClass,
    uses,
    used,
    expiresAtMs,
    labels,
    device,
    needsApproval,
    revokedAtMs,
  };
}
