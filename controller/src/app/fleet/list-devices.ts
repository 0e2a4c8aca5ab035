import type { Device, Labels } from "@modelfleet/protocol";
import { matchesLabels } from "../../domain/fleet/matches-labels.ts";
import type { FleetStore } from "../../ports/fleet-store.ts";
import { deviceView } from "./device-view.ts";

/** Every device that carries these labels, by id. */
export class ListDevices {
  readonly #fleet: FleetStore;

  constructor(ports: { readonly fleet: FleetStore }) {
    this.#fleet = ports.fleet;
  }

  async run(labels: Labels = {}): Promise<readonly Device[]> {
    const [devices, items] = [await this.#fleet.devices(), await this.#fleet.allRecentItems()];
    return devices
      .filter((device) => matchesLabels(device.labels, labels))
      .map((device) => deviceView(device, items.get(device.id) ?? []));
  }
}
