import {
  claimLimits,
  type DeviceId,
  type EnrolAnswer,
  type EnrolRequest,
  keyIdOf,
  type OpenedEnrol,
  sha256,
} from "@modelfleet/protocol";
import { claimRevoked, claimUsed } from "../../domain/claim/check-claim.ts";
import { EnrolError } from "../../domain/errors.ts";
import { deviceIdFor } from "../../domain/fleet/device-id.ts";
import { enrolEntry } from "../../domain/fleet/enrol-entry.ts";
import type { AuditTally } from "../../ports/audit-log.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type {
  Admitted,
  ClaimRecord,
  DeviceRecord,
  EnrolOutcome,
  FleetStore,
} from "../../ports/fleet-store.ts";
import type { Keys } from "../../ports/keys.ts";
import { IssueCertificate, type IssueCertificatePorts } from "./issue-certificate.ts";
import { OpenEnrolment } from "./open-enrolment.ts";
import { signCredential } from "./sign-credential.ts";

const SECRET_BYTES = 32;
/** Hex digits of the key in a generated name: short, and longer when that name is taken. */
const NAME_DIGITS = [8, 16];

export interface EnrolDevicePorts extends IssueCertificatePorts {
  readonly clock: Clock;
  readonly log: EventLog;
  readonly keys: Keys;
  readonly fleet: FleetStore;
  readonly tally: AuditTally;
}

/**
 * Takes a device into the fleet (trust.md 7). Rules:
 *
 * 1. The message is signed by the key it brings, and carries the MAC of a live claim's secret over its exact bytes.
 * 2. A key is one device: it keeps its id, and nobody else's key gets that id before the device is revoked.
 * 3. The same key presenting the same claim again (its first answer got lost) with a fresh nonce gets a fresh
 *    credential, and takes no further use of the claim. The credential before it is void.
 * 4. By a claim that needs approval a device gets nothing until an operator has approved its key.
 */
export class EnrolDevice {
  readonly #ports: EnrolDevicePorts;
  readonly #opening: OpenEnrolment;
  readonly #certificates: IssueCertificate;

  constructor(ports: EnrolDevicePorts) {
    this.#ports = ports;
    this.#opening = new OpenEnrolment(ports);
    this.#certificates = new IssueCertificate(ports);
  }

  /** @throws EnrolError */
  async run(request: EnrolRequest): Promise<EnrolAnswer> {
    try {
      return await this.#enrol(request);
    } catch (error) {
      if (error instanceof EnrolError) this.#refused(error);
      throw error;
    }
  }

  async #enrol(request: EnrolRequest): Promise<EnrolAnswer> {
    const { clock, fleet } = this.#ports;
    const { opened, claim } = await this.#opening.run(request);
    const known = await fleet.deviceByKey(opened.publicKey);
    const secret = Buffer.from(clock.randomBytes(SECRET_BYTES)).toString("base64url");
    const { device, outcome } = await this.#admit({ opened, claim, known, secret });
    if (outcome === "pending") {
      return { pending: { device, retryAfterMs: claimLimits.approvalPollMsMin } };
    }
    const certificate = await this.#certificates.run(device, opened.publicKey);
    const grant = { device, secret, nonce: opened.message.nonce };
    return signCredential(
      this.#ports,
      certificate === undefined ? grant : { ...grant, certificate },
    );
  }

  async #admit(candidate: Candidate): Promise<{ device: DeviceId; outcome: Admitted }> {
    for (const id of namesFor(candidate)) {
      const outcome = await this.#store(id, candidate);
      if (outcome === "device-taken") continue;
      if (!isAdmitted(outcome)) throw refusalOf(outcome, candidate);
      const event = { event: `device.${eventOf[outcome]}`, device: id, claim: candidate.claim.id };
      this.#ports.log.info({ ...event, again: outcome === "again" }, sentenceOf[outcome]);
      return { device: id, outcome };
    }
    throw taken(candidate);
  }

  #store(id: DeviceId, { opened, claim, secret }: Candidate): Promise<EnrolOutcome> {
    const enrolment = {
      id,
      publicKey: opened.publicKey,
      class: claim.class,
      labels: claim.labels,
      claimId: claim.id,
      messageSha256: sha256(opened.payload),
      isForThisName: claim.device === id,
      needsApproval: claim.needsApproval,
      secretSha256: sha256(Buffer.from(secret, "utf8")),
      atMs: this.#ports.clock.nowMs(),
    };
    const key = keyIdOf(opened.publicKey);
    return this.#ports.fleet.enrol(enrolment, (outcome) =>
      enrolEntry({ ...enrolment, key }, outcome),
    );
  }

  /** Anybody may ask: what comes in any number is counted, and the log is told of each. */
  #refused({ code, message }: EnrolError): void {
    this.#ports.tally.count({ action: "enrolment.refused", reason: code });
    const event = { event: "enrolment.refused", code, reason: message };
    this.#ports.log.warn(event, "enrolment refused");
  }
}

const eventOf = {
  enrolled: "enrolled",
  again: "enrolled",
  replaced: "replaced",
  pending: "pending",
} as const;

const sentenceOf = {
  enrolled: "device enrolled",
  again: "device enrolled",
  replaced: "another device has the place of a revoked one",
  pending: "a device waits for approval",
} as const;

interface Candidate {
  readonly opened: OpenedEnrol;
  readonly claim: ClaimRecord;
  readonly known: DeviceRecord | undefined;
  readonly secret: string;
}

function isAdmitted(outcome: EnrolOutcome): outcome is Admitted {
  return Object.hasOwn(eventOf, outcome);
}

/**
 * Names to try, in order: what the claim is for, what a known key is called, what the device asks for, else names
 * made from its key.
 */
function namesFor({ opened, known, claim }: Candidate): readonly DeviceId[] {
  const { device, class: deviceClass } = opened.message;
  const wanted = claim.device ?? device;
  if (known !== undefined && (wanted ?? known.id) === known.id) return [known.id];
  if (known !== undefined) return [];
  if (wanted !== undefined) return [wanted];
  const key = keyIdOf(opened.publicKey);
  return NAME_DIGITS.map((digits) => deviceIdFor(deviceClass, key, digits));
}

function refusalOf(
  outcome: Exclude<EnrolOutcome, Admitted | "device-taken">,
  { claim }: Candidate,
): EnrolError {
  switch (outcome) {
    case "claim-revoked":
      return claimRevoked(claim, "just now");
    case "claim-used":
      return claimUsed(claim);
    case "key-revoked":
      return keyRevoked();
    case "replayed":
      return new EnrolError(
        "CLAIM_REPLAYED",
        "expected a fresh message, got one that was taken before: run the agent's enrol command again",
      );
    case "asked-too-often":
      return new EnrolError(
        "CLAIM_USED",
        `claim ${claim.id} was presented too often: create a new claim`,
      );
  }
}

function keyRevoked(): EnrolError {
  return new EnrolError(
    "KEY_REVOKED",
    "the key of this device was revoked for ever: enrol with a new --data folder, which has a new key",
  );
}

function taken({ opened, known, claim }: Candidate): EnrolError {
  const wanted = claim.device ?? opened.message.device ?? "a generated name";
  if (known?.state === "revoked") return keyRevoked();
  if (known !== undefined) {
    return new EnrolError(
      "DEVICE_TAKEN",
      `expected the name of this key, ${known.id}, got ${wanted}: enrol as ${known.id}, or remove the agent's data folder to enrol as a new device`,
    );
  }
  return new EnrolError(
    "DEVICE_TAKEN",
    `expected a free device name, got ${wanted}, which belongs to another key: choose another name; or, where that key is lost, revoke the device and enrol by a claim of its name (modelfleet claim create --device ${wanted})`,
  );
}
