import type { VerifiedRoot } from "@modelfleet/protocol";
import { RootError } from "../../domain/errors.ts";
import { rootExpiry } from "../../domain/root/root-expiry.ts";

/**
 * Under a root that has expired no device takes an order (protocol.md 1.6.1): none is signed that would be refused.
 *
 * @throws RootError ROOT_EXPIRED
 */
export function refuseExpiredRoot({ document }: VerifiedRoot, nowMs: number): void {
  if (rootExpiry(document, nowMs).expiry !== "expired") return;
  throw new RootError(
    "ROOT_EXPIRED",
    `expected a root that is in force, got root ${document.version}, which expired at ${document.expires}; devices go on with what they run and take nothing new: make the next root (modelfleet root rotate), have it signed and publish it`,
  );
}
