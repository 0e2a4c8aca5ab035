import {
  type ClaimCreated,
  type ClaimRequest,
  type DeviceId,
  formatEnrolment,
} from "@modelfleet/protocol";
import { permits } from "../../domain/access/permits.ts";
import { type Principal, systemPrincipal } from "../../domain/access/principal.ts";
import { claimView } from "../../domain/claim/claim-view.ts";
import { AccessError } from "../../domain/errors.ts";
import { labelTerms } from "../../domain/fleet/label-terms.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { FleetStore } from "../../ports/fleet-store.ts";
import type { Keys } from "../../ports/keys.ts";
import { requireRight } from "../access/require-right.ts";

const ID_BYTES = 8;
const SECRET_BYTES = 32;

export interface Endpoints {
  readonly controllerUrl: string;
  readonly brokerUrl: string;
}

export interface CreateClaimPorts {
  readonly clock: Clock;
  readonly log: EventLog;
  readonly keys: Keys;
  readonly fleet: FleetStore;
  /** Where devices reach this controller. */
  readonly endpoints: () => Endpoints;
}

/** A permission to enrol devices of one class, and the string that holds it. The secret is shown this once. */
export class CreateClaim {
  readonly #ports: CreateClaimPorts;

  constructor(ports: CreateClaimPorts) {
    this.#ports = ports;
  }

  /** @throws AccessError NOT_PERMITTED */
  async run(request: ClaimRequest, caller: Principal): Promise<ClaimCreated> {
    requireRight(caller, { action: "claim.change", labels: request.labels });
    await this.#requireName(request.device, caller);
    const { clock, fleet, keys, endpoints, log } = this.#ports;
    const nowMs = clock.nowMs();
    const secret = Buffer.from(clock.randomBytes(SECRET_BYTES)).toString("base64url");
    const claim = {
      id: Buffer.from(clock.randomBytes(ID_BYTES)).toString("hex"),
      secret,
      class: request.class,
      uses: request.uses,
      used: 0,
      createdAtMs: nowMs,
      expiresAtMs: nowMs + request.lifeMs,
      labels: request.labels,
      device: request.device ?? null,
      needsApproval: request.needsApproval ?? false,
      revokedAtMs: null,
    };
    const root = keys.root();
    const enrolment = formatEnrolment({
      ...endpoints(),
      fleet: root.document.fleet,
      rootSha256: root.sha256,
      claimId: claim.id,
      claimSecret: secret,
    });
    await fleet.forgetClaimSecrets(nowMs, (claims) => ({
      atMs: nowMs,
      actor: systemPrincipal.id,
      action: "claim.forgotten",
      subject: "claims",
      detail: { claims },
    }));
    await fleet.addClaim(claim, {
      atMs: nowMs,
      actor: caller.id,
      action: "claim.created",
      subject: `claim:${claim.id}`,
      detail: {
        class: claim.class,
        uses: claim.uses,
        lifeMs: request.lifeMs,
        labels: labelTerms(claim.labels),
        device: claim.device,
        needsApproval: claim.needsApproval,
      },
    });
    const event = { event: "claim.created", claim: claim.id, class: claim.class, by: caller.id };
    log.info(event, "claim created");
    return { claim: claimView(claim), enrolment };
  }

  /** protocol.md 7.9: whoever takes a revoked device's name takes its labels and what is wanted of it. */
  async #requireName(device: DeviceId | undefined, caller: Principal): Promise<void> {
    const holder = device && (await this.#ports.fleet.device(device));
    if (holder === undefined) return;
    if (permits(caller, { action: "claim.change", labels: holder.labels })) return;
    throw new AccessError(
      "NOT_PERMITTED",
      `expected a free name, or that of a device of your own, got ${device}: choose another name`,
    );
  }
}
