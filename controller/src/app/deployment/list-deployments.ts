import { controllerLimits, type Deployment } from "@modelfleet/protocol";
import type { DeploymentStore } from "../../ports/deployment-store.ts";
import type { FleetStore } from "../../ports/fleet-store.ts";
import { deploymentView } from "./deployment-view.ts";

/** The latest deployments, newest first. */
export class ListDeployments {
  readonly #ports: { readonly deployments: DeploymentStore; readonly fleet: FleetStore };

  constructor(ports: { readonly deployments: DeploymentStore; readonly fleet: FleetStore }) {
    this.#ports = ports;
  }

  async run(): Promise<readonly Deployment[]> {
    const stored = await this.#ports.deployments.list(controllerLimits.deploymentsListedMax);
    const devices = await this.#ports.fleet.devices();
    const byId = new Map(devices.map((device) => [device.id, device]));
    return stored.map((deployment) => deploymentView(deployment, byId));
  }
}
