import type { DeviceClass, Labels } from "@modelfleet/protocol";
import { EnrolError } from "../errors.ts";

const WAY_OUT = "create a new claim: modelfleet claim create";

/** A claim as it is stored; its secret is null once it was forgotten. */
export interface ClaimFacts {
  readonly id: string;
  readonly secret: string | null;
  readonly class: DeviceClass;
  readonly expiresAtMs: number;
  readonly labels: Labels;
}

/** A claim that still has its secret. */
export type LiveClaim = ClaimFacts & { readonly secret: string };

/**
 * A claim that is there and not over.
 *
 * @throws EnrolError CLAIM_UNKNOWN | CLAIM_EXPIRED
 */
export function liveClaim(claim: ClaimFacts | undefined, id: string, nowMs: number): LiveClaim {
  if (claim === undefined) {
    throw new EnrolError("CLAIM_UNKNOWN", `expected a claim of this fleet, got ${id}: ${WAY_OUT}`);
  }
  // protocol.md 7.4: a claim is over at its very last millisecond.
  if (nowMs >= claim.expiresAtMs || claim.secret === null) {
    throw new EnrolError(
      "CLAIM_EXPIRED",
      `claim ${id} expired ${new Date(claim.expiresAtMs).toISOString()}: ${WAY_OUT} --class ${claim.class}`,
    );
  }
  return { ...claim, secret: claim.secret };
}

/** @throws EnrolError CLASS_MISMATCH */
export function checkClass(claim: ClaimFacts, deviceClass: DeviceClass): void {
  if (claim.class === deviceClass) return;
  throw new EnrolError(
    "CLASS_MISMATCH",
    `expected a device of class ${claim.class}, got ${deviceClass}: ${WAY_OUT} --class ${deviceClass}`,
  );
}

/** The refusal of a claim without a use left. */
export function claimUsed(claim: ClaimFacts): EnrolError {
  return new EnrolError(
    "CLAIM_USED",
    `every use of claim ${claim.id} is taken by another device: ${WAY_OUT} --class ${claim.class}`,
  );
}
