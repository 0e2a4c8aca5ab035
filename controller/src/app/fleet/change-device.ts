import type { Device, DeviceChange, DeviceId } from "@modelfleet/protocol";
import type { FleetStore } from "../../ports/fleet-store.ts";
import { deviceView } from "./device-view.ts";
import { knownDevice } from "./known-device.ts";

/** Gives a device new labels; they replace the old ones. What it runs does not change by that. */
export class ChangeDevice {
  readonly #fleet: FleetStore;

  constructor(ports: { readonly fleet: FleetStore }) {
    this.#fleet = ports.fleet;
  }

  /** @throws NotFoundError DEVICE_UNKNOWN */
  async run(id: DeviceId, change: DeviceChange): Promise<Device> {
    await knownDevice(this.#fleet, id);
    await this.#fleet.setLabels(id, change.labels);
    const device = await knownDevice(this.#fleet, id);
    return deviceView(device, await this.#fleet.recentItems(id));
  }
}
