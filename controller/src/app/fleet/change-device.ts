import type { Device, DeviceChange, DeviceId } from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { FleetStore } from "../../ports/fleet-store.ts";
import { deviceView } from "./device-view.ts";
import { knownDevice } from "./known-device.ts";

/** Gives a device new labels; they replace the old ones. What it runs does not change by that. */
export class ChangeDevice {
  readonly #fleet: FleetStore;
  readonly #log: EventLog;

  constructor(ports: { readonly fleet: FleetStore; readonly log: EventLog }) {
    this.#fleet = ports.fleet;
    this.#log = ports.log;
  }

  /** @throws NotFoundError DEVICE_UNKNOWN */
  async run(id: DeviceId, change: DeviceChange, caller: Principal): Promise<Device> {
    await knownDevice(this.#fleet, id);
    await this.#fleet.setLabels(id, change.labels);
    this.#log.info({ event: "device.labelled", device: id, by: caller.id }, "device labelled");
    const device = await knownDevice(this.#fleet, id);
    return deviceView(device, await this.#fleet.recentItems(id));
  }
}
