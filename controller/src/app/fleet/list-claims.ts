import type { Claim } from "@modelfleet/protocol";
import { claimView } from "../../domain/claim/claim-view.ts";
import type { FleetStore } from "../../ports/fleet-store.ts";

/** Every claim, newest first. */
export class ListClaims {
  readonly #fleet: FleetStore;

  constructor(ports: { readonly fleet: FleetStore }) {
    this.#fleet = ports.fleet;
  }

  async run(): Promise<readonly Claim[]> {
    return (await this.#fleet.claims()).map(claimView);
  }
}
