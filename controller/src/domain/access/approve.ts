import type { Approval } from "@modelfleet/protocol";
import { AccessError } from "../errors.ts";
import type { Principal } from "./principal.ts";

/** Before anything is in force that needs a second person. */
export function asked(by: Principal, isNeeded: boolean): Approval {
  if (!isNeeded) return { state: "not-needed" };
  return { state: "awaiting-approval", requestedBy: by.id };
}

/** What became of a request for approval: it is now given, or there was none to give. */
export type Approved =
  | { readonly kind: "given"; readonly approval: Approval }
  | { readonly kind: "in-force" };

/** @throws AccessError SECOND_PERSON_REQUIRED when the one who asked approves himself */
export function approve(approval: Approval, by: Principal, nowMs: number): Approved {
  if (approval.state !== "awaiting-approval") return { kind: "in-force" };
  const { requestedBy } = approval;
  if (requestedBy === by.id) {
    throw new AccessError(
      "SECOND_PERSON_REQUIRED",
      `expected the approval of somebody else, ${by.id} has asked for it himself`,
    );
  }
  return {
    kind: "given",
    approval: { state: "approved", requestedBy, approvedBy: by.id, approvedAtMs: nowMs },
  };
}

/** @param what the thing, and the command that approves it @throws AccessError AWAITING_APPROVAL */
export function requireApproved(approval: Approval, what: string): void {
  if (approval.state !== "awaiting-approval") return;
  throw new AccessError(
    "AWAITING_APPROVAL",
    `expected an approved ${what}; ${approval.requestedBy} has asked, and somebody else must agree`,
  );
}
