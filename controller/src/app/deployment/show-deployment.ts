import type { Deployment, DeviceId } from "@modelfleet/protocol";
import { NotFoundError } from "../../domain/errors.ts";
import type { DeploymentStore, StoredDeployment } from "../../ports/deployment-store.ts";
import type { DeviceRecord, FleetStore } from "../../ports/fleet-store.ts";
import { deploymentView } from "./deployment-view.ts";

/** One deployment and how far each of its devices is. */
export class ShowDeployment {
  readonly #ports: { readonly deployments: DeploymentStore; readonly fleet: FleetStore };

  constructor(ports: { readonly deployments: DeploymentStore; readonly fleet: FleetStore }) {
    this.#ports = ports;
  }

  /** @throws NotFoundError DEPLOYMENT_UNKNOWN */
  async run(id: string): Promise<Deployment> {
    const stored = await this.#ports.deployments.byId(id);
    if (stored === undefined) {
      throw new NotFoundError(
        "DEPLOYMENT_UNKNOWN",
        `expected the id of a deployment, got ${id.slice(0, 64)}`,
      );
    }
    return deploymentView(stored, await this.#devicesOf(stored));
  }

  async #devicesOf(stored: StoredDeployment): Promise<ReadonlyMap<DeviceId, DeviceRecord>> {
    const wanted = new Set(stored.devices.map(({ device }) => device));
    const all = await this.#ports.fleet.devices();
    return new Map(all.filter(({ id }) => wanted.has(id)).map((device) => [device.id, device]));
  }
}
