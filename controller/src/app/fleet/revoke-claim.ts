import type { Claim } from "@modelfleet/protocol";
import { permits } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { claimView } from "../../domain/claim/claim-view.ts";
import { NotFoundError } from "../../domain/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { ClaimRecord, FleetStore } from "../../ports/fleet-store.ts";
import { requireRight } from "../access/require-right.ts";

export interface RevokeClaimPorts {
  readonly clock: Clock;
  readonly fleet: FleetStore;
  readonly log: EventLog;
}

/** From its answer on nobody enrols with this claim. Devices that did stay. Revoking it again changes nothing. */
export class RevokeClaim {
  readonly #ports: RevokeClaimPorts;

  constructor(ports: RevokeClaimPorts) {
    this.#ports = ports;
  }

  /** @throws NotFoundError CLAIM_UNKNOWN, also for one the caller may not see; AccessError NOT_PERMITTED */
  async run(id: string, caller: Principal): Promise<Claim> {
    const { clock, fleet, log } = this.#ports;
    const claim = await this.#seen(id, caller);
    requireRight(caller, { action: "claim.change", labels: claim.labels });
    const isNew = await fleet.revokeClaim(id, {
      atMs: clock.nowMs(),
      actor: caller.id,
      action: "claim.revoked",
      subject: `claim:${id}`,
      detail: { uses: claim.uses, used: claim.used },
    });
    if (isNew) log.info({ event: "claim.revoked", claim: id, by: caller.id }, "claim revoked");
    return claimView(await this.#seen(id, caller));
  }

  async #seen(id: string, caller: Principal): Promise<ClaimRecord> {
    const claim = await this.#ports.fleet.claim(id);
    if (claim !== undefined && permits(caller, { action: "claim.read", labels: claim.labels })) {
      return claim;
    }
    throw new NotFoundError(
      "CLAIM_UNKNOWN",
      `expected the id of a claim, got ${id.slice(0, 64)}: see modelfleet claim list`,
    );
  }
}
