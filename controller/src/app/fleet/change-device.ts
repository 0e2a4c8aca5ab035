import type { Device, DeviceChange, DeviceId } from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import { labelTerms } from "../../domain/fleet/label-terms.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { FleetStore } from "../../ports/fleet-store.ts";
import { requireRight } from "../access/require-right.ts";
import { changeableDevice } from "./changeable-device.ts";
import { deviceView } from "./device-view.ts";
import { knownDevice } from "./known-device.ts";
import { seenDevice } from "./seen-device.ts";

export interface ChangeDevicePorts {
  readonly clock: Clock;
  readonly fleet: FleetStore;
  readonly log: EventLog;
}

/** Gives a device new labels; they replace the old ones. What it runs does not change by that. */
export class ChangeDevice {
  readonly #ports: ChangeDevicePorts;

  constructor(ports: ChangeDevicePorts) {
    this.#ports = ports;
  }

  /** @throws NotFoundError DEVICE_UNKNOWN @throws AccessError NOT_PERMITTED */
  async run(id: DeviceId, change: DeviceChange, caller: Principal): Promise<Device> {
    const { clock, fleet, log } = this.#ports;
    // Both: else a device could be taken out of hands, or put into hands, that are not the caller's.
    const { labels } = await changeableDevice(fleet, id, caller);
    requireRight(caller, { action: "device.change", labels: change.labels });
    await fleet.setLabels(id, change.labels, {
      atMs: clock.nowMs(),
      actor: caller.id,
      action: "device.labelled",
      subject: `device:${id}`,
      detail: { before: labelTerms(labels), after: labelTerms(change.labels) },
    });
    log.info({ event: "device.labelled", device: id, by: caller.id }, "device labelled");
    const device = await knownDevice(fleet, id);
    return seenDevice(deviceView(device, await fleet.recentItems(id)), caller);
  }
}
