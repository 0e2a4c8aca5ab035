import { timingSafeEqual } from "node:crypto";
import {
  claimLimits,
  claimMac,
  decodeBase64,
  type EnrolRequest,
  type OpenedEnrol,
  openEnrolMessage,
  VerifyError,
} from "@modelfleet/protocol";
import { checkAdmits, checkLive, claimRefused } from "../../domain/claim/check-claim.ts";
import { EnrolError } from "../../domain/errors.ts";
import { RateLimiter } from "../../domain/rate-limiter.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ClaimRecord, FleetStore } from "../../ports/fleet-store.ts";

/** Stands in for the secret of a claim that is not there, so that its MAC takes as long. */
const NO_SECRET = "-".repeat(43);

const refusalRule = {
  perSecond: claimLimits.refusalsPerSecondPerClaimMax,
  burst: claimLimits.refusalBurstPerClaimMax,
  rememberedMax: claimLimits.claimsWatchedMax,
};

/** A message whose sender holds its key and the secret of a live claim that admits it. */
export interface OpenedEnrolment {
  readonly opened: OpenedEnrol;
  readonly claim: ClaimRecord;
}

/**
 * Judges an enrolment by what it brings. Rules, in this order:
 *
 * 1. The message is signed by the key it brings.
 * 2. After too many wrong MACs for one claim nobody is heard on it for a while, known to us or not.
 * 3. The MAC is right. A claim nobody made is a wrong MAC: the same work, the same answer.
 * 4. Only then is anything told about the claim: that it is revoked, over, or for other devices.
 */
export class OpenEnrolment {
  readonly #fleet: FleetStore;
  readonly #clock: Clock;
  readonly #refusals: RateLimiter;

  constructor(ports: { readonly fleet: FleetStore; readonly clock: Clock }) {
    this.#fleet = ports.fleet;
    this.#clock = ports.clock;
    this.#refusals = new RateLimiter(refusalRule, ports.clock.nowMs);
  }

  /** @throws EnrolError */
  async run(request: EnrolRequest): Promise<OpenedEnrolment> {
    const opened = open(request.envelope);
    const { claimId, class: deviceClass, device } = opened.message;
    this.#checkHeard(claimId);
    const claim = await this.#fleet.claim(claimId);
    // protocol.md 7.4: first the MAC, then anything about the claim.
    const isRight = isMacRight(claim?.secret ?? NO_SECRET, opened, request.mac);
    if (claim === undefined || claim.secret === null || !isRight) {
      this.#refusals.take(claimId);
      throw claimRefused();
    }
    checkLive(claim, this.#clock.nowMs());
    checkAdmits(claim, deviceClass, device);
    return { opened, claim };
  }

  /** Rule 2. */
  #checkHeard(claimId: string): void {
    const waitMs = this.#refusals.waitMs(claimId);
    if (waitMs === 0) return;
    const seconds = Math.ceil(waitMs / 1_000);
    throw new EnrolError(
      "ENROLMENTS_TOO_MANY",
      `too many wrong secrets for claim ${claimId}: try again in ${seconds} s, or create a new claim`,
    );
  }
}

function open(envelope: string): OpenedEnrol {
  const bytes = decodeBase64(envelope);
  if (bytes === undefined) throw new EnrolError("ENROL_INVALID", "envelope: expected base64");
  try {
    return openEnrolMessage(bytes);
  } catch (cause) {
    if (!(cause instanceof VerifyError)) throw cause;
    throw new EnrolError("ENROL_INVALID", `enrolment message: ${cause.message}`, { cause });
  }
}

function isMacRight(secret: string, opened: OpenedEnrol, mac: string): boolean {
  const given = decodeBase64(mac);
  const expected = claimMac(secret, opened.payload);
  return given?.length === expected.length && timingSafeEqual(given, expected);
}
