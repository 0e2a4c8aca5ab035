import type { Device, Labels } from "@modelfleet/protocol";
import { permits } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";
import { matchesLabels } from "../../domain/fleet/matches-labels.ts";
import type { FleetStore } from "../../ports/fleet-store.ts";
import { deviceView } from "./device-view.ts";
import { seenDevice } from "./seen-device.ts";

/** Every device that carries these labels and is the caller's to see, by id. */
export class ListDevices {
  readonly #fleet: FleetStore;

  constructor(ports: { readonly fleet: FleetStore }) {
    this.#fleet = ports.fleet;
  }

  async run(labels: Labels, caller: Principal): Promise<readonly Device[]> {
    const [devices, items] = [await this.#fleet.devices(), await this.#fleet.allRecentItems()];
    return devices
      .filter((device) => matchesLabels(device.labels, labels))
      .filter((device) => permits(caller, { action: "device.read", labels: device.labels }))
      .map((device) => seenDevice(deviceView(device, items.get(device.id) ?? []), caller));
  }
}
