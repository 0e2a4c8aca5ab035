import { timingSafeEqual } from "node:crypto";
import {
  type CredentialMessage,
  claimMac,
  type DeviceId,
  decodeBase64,
  type EnrolRequest,
  type EnrolResponse,
  encodeBase64,
  encodePayload,
  formatTimestamp,
  keyIdOf,
  type OpenedEnrol,
  openEnrolMessage,
  openEnvelope,
  payloadTypes,
  roleOf,
  sha256,
  signEnvelopeWith,
  VerifyError,
} from "@modelfleet/protocol";
import {
  checkClass,
  claimUsed,
  type LiveClaim,
  liveClaim,
} from "../../domain/claim/check-claim.ts";
import { EnrolError } from "../../domain/errors.ts";
import { deviceIdFor } from "../../domain/fleet/device-id.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { DeviceRecord, FleetStore } from "../../ports/fleet-store.ts";
import type { Keys } from "../../ports/keys.ts";

const SECRET_BYTES = 32;
/** Hex digits of the key in a generated name: short, and longer when that name is taken. */
const NAME_DIGITS = [8, 16];

export interface EnrolDevicePorts {
  readonly clock: Clock;
  readonly log: EventLog;
  readonly keys: Keys;
  readonly fleet: FleetStore;
}

/**
 * Takes a device into the fleet (trust.md 7). Rules:
 *
 * 1. The message is signed by the key it brings, and carries the MAC of a live claim's secret over its exact bytes.
 * 2. A key is one device: it keeps its id, and nobody else's key gets that id.
 * 3. The same key presenting the same claim again (its first answer got lost) gets a fresh credential, and takes no
 *    further use of the claim. The credential before it is void.
 */
export class EnrolDevice {
  readonly #ports: EnrolDevicePorts;

  constructor(ports: EnrolDevicePorts) {
    this.#ports = ports;
  }

  /** @throws EnrolError */
  async run(request: EnrolRequest): Promise<EnrolResponse> {
    const { clock, fleet } = this.#ports;
    const opened = open(request.envelope);
    const { claimId, class: deviceClass } = opened.message;
    const claim = liveClaim(await fleet.claim(claimId), claimId, clock.nowMs());
    checkMac(claim, opened, request.mac);
    checkClass(claim, deviceClass);
    const known = await fleet.deviceByKey(opened.publicKey);
    const secret = Buffer.from(clock.randomBytes(SECRET_BYTES)).toString("base64url");
    const device = await this.#admit({ opened, claim, known, secret });
    return this.#answer({ device, secret, nonce: opened.message.nonce });
  }

  async #admit(candidate: Candidate): Promise<DeviceId> {
    for (const id of namesFor(candidate)) {
      const outcome = await this.#enrol(id, candidate);
      if (outcome === "claim-used") throw claimUsed(candidate.claim);
      if (outcome === "device-taken") continue;
      this.#ports.log.info(
        {
          event: "device.enrolled",
          device: id,
          claim: candidate.claim.id,
          again: outcome === "again",
        },
        "device enrolled",
      );
      return id;
    }
    throw taken(candidate);
  }

  #enrol(id: DeviceId, { opened, claim, secret }: Candidate) {
    const atMs = this.#ports.clock.nowMs();
    const enrolment = {
      id,
      publicKey: opened.publicKey,
      class: claim.class,
      labels: claim.labels,
      claimId: claim.id,
      secretSha256: sha256(Buffer.from(secret, "utf8")),
      atMs,
    };
    return this.#ports.fleet.enrol(enrolment, (outcome) => ({
      atMs,
      actor: `device:${id}`,
      action: outcome === "enrolled" ? "device.enrolled" : "device.enrolled-again",
      subject: `device:${id}`,
      detail: { claim: claim.id, class: claim.class, key: keyIdOf(opened.publicKey) },
    }));
  }

  async #answer(grant: {
    device: DeviceId;
    secret: string;
    nonce: string;
  }): Promise<EnrolResponse> {
    const { keys, clock } = this.#ports;
    const root = keys.root();
    const message: CredentialMessage = {
      type: "credential",
      spec: 1,
      fleet: root.document.fleet,
      ...grant,
      issuedAt: formatTimestamp(clock.nowMs()),
      rootVersion: root.document.version,
    };
    const envelope = await signEnvelopeWith(payloadTypes.credential, encodePayload(message), [
      keys.online(),
    ]);
    // trust.md 2: a fresh signature is verified by the other implementation before anybody sees it.
    openEnvelope(envelope, payloadTypes.credential, roleOf(root, "online"));
    return { root: encodeBase64(root.bytes), credential: encodeBase64(envelope) };
  }
}

interface Candidate {
  readonly opened: OpenedEnrol;
  readonly claim: LiveClaim;
  readonly known: DeviceRecord | undefined;
  readonly secret: string;
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

function checkMac(claim: LiveClaim, opened: OpenedEnrol, mac: string): void {
  const given = decodeBase64(mac);
  const expected = claimMac(claim.secret, opened.payload);
  if (given?.length === expected.length && timingSafeEqual(given, expected)) return;
  throw new EnrolError(
    "MAC_MISMATCH",
    `expected the MAC of claim ${claim.id}: give the agent the whole enrolment string as it was printed`,
  );
}

/** Names to try, in order: what a known key is called, what the device asks for, else names made from its key. */
function namesFor({ opened, known }: Candidate): readonly DeviceId[] {
  const { device: wanted, class: deviceClass } = opened.message;
  if (known !== undefined && (wanted ?? known.id) === known.id) return [known.id];
  if (known !== undefined) return [];
  if (wanted !== undefined) return [wanted];
  const key = keyIdOf(opened.publicKey);
  return NAME_DIGITS.map((digits) => deviceIdFor(deviceClass, key, digits));
}

function taken({ opened, known }: Candidate): EnrolError {
  const wanted = opened.message.device ?? "a generated name";
  if (known !== undefined) {
    return new EnrolError(
      "DEVICE_TAKEN",
      `expected the name of this key, ${known.id}, got ${wanted}: enrol as ${known.id}, or remove the agent's data folder to enrol as a new device`,
    );
  }
  return new EnrolError(
    "DEVICE_TAKEN",
    `expected a free device name, got ${wanted}, which belongs to another key: choose another name`,
  );
}
