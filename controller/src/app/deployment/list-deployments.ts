import { controllerLimits, type Deployment } from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import type { DeploymentStore } from "../../ports/deployment-store.ts";
import type { FleetStore } from "../../ports/fleet-store.ts";
import { seenDeployment } from "./seen-deployment.ts";

/** Of the latest deployments those the caller may see, newest first. */
export class ListDeployments {
  readonly #ports: { readonly deployments: DeploymentStore; readonly fleet: FleetStore };

  constructor(ports: { readonly deployments: DeploymentStore; readonly fleet: FleetStore }) {
    this.#ports = ports;
  }

  async run(caller: Principal): Promise<readonly Deployment[]> {
    const stored = await this.#ports.deployments.list(controllerLimits.deploymentsListedMax);
    const devices = await this.#ports.fleet.devices();
    const byId = new Map(devices.map((device) => [device.id, device]));
    return stored
      .map((deployment) => seenDeployment(deployment, byId, caller))
      .filter((deployment) => deployment !== undefined);
  }
}
