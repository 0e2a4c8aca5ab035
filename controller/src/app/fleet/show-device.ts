import type { Device, DeviceId } from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import type { FleetStore } from "../../ports/fleet-store.ts";
import { seeableDevice } from "./changeable-device.ts";
import { deviceView } from "./device-view.ts";
import { seenDevice } from "./seen-device.ts";

/** One device with what it last did. */
export class ShowDevice {
  readonly #fleet: FleetStore;

  constructor(ports: { readonly fleet: FleetStore }) {
    this.#fleet = ports.fleet;
  }

  /** @throws NotFoundError DEVICE_UNKNOWN, also for a device the caller may not see */
  async run(id: DeviceId, caller: Principal): Promise<Device> {
    const device = await seeableDevice(this.#fleet, id, caller);
    return seenDevice(deviceView(device, await this.#fleet.recentItems(id)), caller);
  }
}
