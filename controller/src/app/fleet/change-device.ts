import {
  controllerLimits,
  type Device,
  type DeviceChange,
  type DeviceId,
  type Labels,
} from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import { DeployError } from "../../domain/errors.ts";
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

  /** @throws NotFoundError DEVICE_UNKNOWN @throws AccessError NOT_PERMITTED @throws DeployError BUSY */
  async run(id: DeviceId, change: DeviceChange, caller: Principal): Promise<Device> {
    const { fleet, log } = this.#ports;
    await this.#label(id, change.labels, caller);
    log.info({ event: "device.labelled", device: id, by: caller.id }, "device labelled");
    const device = await knownDevice(fleet, id);
    return seenDevice(deviceView(device, await fleet.recentItems(id)), caller);
  }

  async #label(id: DeviceId, after: Labels, caller: Principal): Promise<void> {
    const { clock, fleet } = this.#ports;
    for (let attempt = 0; attempt < controllerLimits.desiredAttemptsMax; attempt++) {
      // Both: else a device could be taken out of hands, or put into hands, that are not the caller's.
      const { labels: before } = await changeableDevice(fleet, id, caller);
      requireRight(caller, { action: "device.change", labels: after });
      const audit = {
        atMs: clock.nowMs(),
        actor: caller.id,
        action: "device.labelled",
        subject: `device:${id}`,
        detail: { before: labelTerms(before), after: labelTerms(after) },
      };
      // Somebody else may have taken it out of the caller's hands since they were read.
      if (await fleet.setLabels(id, { before, after }, audit)) return;
    }
    throw new DeployError("BUSY", `the labels of ${id} change all the time: try again`);
  }
}
