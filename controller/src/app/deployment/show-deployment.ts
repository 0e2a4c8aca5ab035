import type { Deployment } from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import type { DeploymentStore } from "../../ports/deployment-store.ts";
import type { FleetStore } from "../../ports/fleet-store.ts";
import { deploymentUnknown, knownDeployment } from "./known-deployment.ts";
import { seenDeployment } from "./seen-deployment.ts";

/** One deployment and how far each of its devices is. */
export class ShowDeployment {
  readonly #ports: { readonly deployments: DeploymentStore; readonly fleet: FleetStore };

  constructor(ports: { readonly deployments: DeploymentStore; readonly fleet: FleetStore }) {
    this.#ports = ports;
  }

  /** @throws NotFoundError DEPLOYMENT_UNKNOWN, also for one the caller may not see */
  async run(id: string, caller: Principal): Promise<Deployment> {
    const stored = await knownDeployment(this.#ports.deployments, id);
    const devices = await this.#ports.fleet.devices();
    const byId = new Map(devices.map((device) => [device.id, device]));
    const seen = seenDeployment(stored, byId, caller);
    if (seen === undefined) throw deploymentUnknown(id);
    return seen;
  }
}
