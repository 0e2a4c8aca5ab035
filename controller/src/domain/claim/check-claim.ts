import type { DeviceClass, DeviceId, Labels } from "@modelfleet/protocol";
import { EnrolError } from "../errors.ts";

const WAY_OUT = "create a new claim: modelfleet claim create";

/** A claim as it is stored; its secret is null once it was forgotten. */
export interface ClaimFacts {
  readonly id: string;
  readonly secret: string | null;
  readonly class: DeviceClass;
  /** The one device it admits; null: any. */
  readonly device: DeviceId | null;
  readonly expiresAtMs: number;
  readonly revokedAtMs: number | null;
  readonly labels: Labels;
}

/**
 * Nothing is told about a claim before its MAC holds. So one nobody made, one whose secret was forgotten and a wrong
 * secret are one refusal.
 */
export function claimRefused(): EnrolError {
  return new EnrolError(
    "CLAIM_REFUSED",
    `expected the MAC of a claim of this fleet: give the agent the whole enrolment string as it was printed; or it is long over, then ${WAY_OUT}`,
  );
}

/**
 * A claim that is neither revoked nor over.
 *
 * @throws EnrolError CLAIM_REVOKED | CLAIM_EXPIRED
 */
export function checkLive(claim: ClaimFacts, nowMs: number): void {
  if (claim.revokedAtMs !== null) {
    throw claimRevoked(claim, new Date(claim.revokedAtMs).toISOString());
  }
  // protocol.md 7.4: a claim is over at its very last millisecond.
  if (nowMs < claim.expiresAtMs) return;
  throw new EnrolError(
    "CLAIM_EXPIRED",
    `claim ${claim.id} expired ${new Date(claim.expiresAtMs).toISOString()}: ${WAY_OUT} --class ${claim.class}`,
  );
}

/**
 * A claim that admits a device like this.
 *
 * @param wanted the name it asks for, if any
 * @throws EnrolError CLASS_MISMATCH | NAME_MISMATCH
 */
export function checkAdmits(
  claim: ClaimFacts,
  deviceClass: DeviceClass,
  wanted: DeviceId | undefined,
): void {
  if (claim.class !== deviceClass) {
    throw new EnrolError(
      "CLASS_MISMATCH",
      `expected a device of class ${claim.class}, got ${deviceClass}: enrol with --class ${claim.class}, or ${WAY_OUT} --class ${deviceClass}`,
    );
  }
  if (claim.device === null || (wanted ?? claim.device) === claim.device) return;
  throw new EnrolError(
    "NAME_MISMATCH",
    `expected device ${claim.device}, which this claim is for, got ${wanted}: leave --device-id out, or ${WAY_OUT} --device ${wanted}`,
  );
}

/** @param when as it reads after "was revoked" */
export function claimRevoked({ id }: ClaimFacts, when: string): EnrolError {
  return new EnrolError("CLAIM_REVOKED", `claim ${id} was revoked ${when}: ${WAY_OUT}`);
}

/** The refusal of a claim without a use left. */
export function claimUsed(claim: ClaimFacts): EnrolError {
  return new EnrolError(
    "CLAIM_USED",
    `every use of claim ${claim.id} is taken by another device: ${WAY_OUT} --class ${claim.class}`,
  );
}
