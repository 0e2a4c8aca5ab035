import type { Claim } from "@modelfleet/protocol";
import { permits } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { claimView } from "../../domain/claim/claim-view.ts";
import type { FleetStore } from "../../ports/fleet-store.ts";

/** Every claim for devices that would be the caller's to see, newest first. */
export class ListClaims {
  readonly #fleet: FleetStore;

  constructor(ports: { readonly fleet: FleetStore }) {
    this.#fleet = ports.fleet;
  }

  async run(caller: Principal): Promise<readonly Claim[]> {
    const claims = await this.#fleet.claims();
    return claims
      .filter(({ labels }) => permits(caller, { action: "claim.read", labels }))
      .map(claimView);
  }
}
