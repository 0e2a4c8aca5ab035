import type { Deployment, DeviceId } from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import type { DeploymentStore, StoredDeployment } from "../../ports/deployment-store.ts";
import type { DeviceRecord, FleetStore } from "../../ports/fleet-store.ts";
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
    const seen = seenDeployment(stored, await this.#devicesOf(stored), caller);
    if (seen === undefined) throw deploymentUnknown(id);
    return seen;
  }

  async #devicesOf(stored: StoredDeployment): Promise<ReadonlyMap<DeviceId, DeviceRecord>> {
    const wanted = new Set(stored.devices.map(({ device }) => device));
    const all = await this.#ports.fleet.devices();
    return new Map(all.filter(({ id }) => wanted.has(id)).map((device) => [device.id, device]));
  }
}
