import type { Device, DeviceId, DeviceRevocation } from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DeviceBus } from "../../ports/device-bus.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { FleetStore } from "../../ports/fleet-store.ts";
import { changeableDevice } from "./changeable-device.ts";
import { deviceView } from "./device-view.ts";
import { knownDevice } from "./known-device.ts";
import { seenDevice } from "./seen-device.ts";

export interface RevokeDevicePorts {
  readonly bus: DeviceBus;
  readonly clock: Clock;
  readonly fleet: FleetStore;
  readonly log: EventLog;
}

/**
 * Takes a device out of the fleet: stolen, lost or broken. Its secret and its key are worth nothing from the commit
 * on, then its connection is closed. What it ran and said stays on record, and its name waits for another key.
 */
export class RevokeDevice {
  readonly #ports: RevokeDevicePorts;

  constructor(ports: RevokeDevicePorts) {
    this.#ports = ports;
  }

  /** @throws NotFoundError DEVICE_UNKNOWN @throws AccessError NOT_PERMITTED */
  async run(id: DeviceId, { reason }: DeviceRevocation, caller: Principal): Promise<Device> {
    const { bus, clock, fleet, log } = this.#ports;
    const { class: deviceClass } = await changeableDevice(fleet, id, caller);
    const isNew = await fleet.revokeDevice(id, reason ?? null, {
      atMs: clock.nowMs(),
      actor: caller.id,
      action: "device.revoked",
      subject: `device:${id}`,
      detail: { class: deviceClass, reason: reason ?? null },
    });
    // Also when it was revoked before: whoever asks again wants to be sure.
    await bus.expel(id);
    if (isNew) log.warn({ event: "device.revoked", device: id, by: caller.id }, "device revoked");
    const device = await knownDevice(fleet, id);
    return seenDevice(deviceView(device, await fleet.recentItems(id)), caller);
  }
}
