import type { Device, DeviceId } from "@modelfleet/protocol";
import type { FleetStore } from "../../ports/fleet-store.ts";
import { deviceView } from "./device-view.ts";
import { knownDevice } from "./known-device.ts";

/** One device with what it last did. */
export class ShowDevice {
  readonly #fleet: FleetStore;

  constructor(ports: { readonly fleet: FleetStore }) {
    this.#fleet = ports.fleet;
  }

  /** @throws NotFoundError DEVICE_UNKNOWN */
  async run(id: DeviceId): Promise<Device> {
    const device = await knownDevice(this.#fleet, id);
    return deviceView(device, await this.#fleet.recentItems(id));
  }
}
