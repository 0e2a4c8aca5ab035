import {
  type Device,
  type DeviceApproval,
  type DeviceId,
  fingerprintOf,
  keyIdOf,
} from "@modelfleet/protocol";
import type { Principal } from "../../domain/access/principal.ts";
import { DeviceStateError } from "../../domain/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { DeviceRecord, FleetStore } from "../../ports/fleet-store.ts";
import { changeableDevice } from "./changeable-device.ts";
import { deviceView } from "./device-view.ts";
import { knownDevice } from "./known-device.ts";
import { seenDevice } from "./seen-device.ts";

export interface ApproveDevicePorts {
  readonly clock: Clock;
  readonly fleet: FleetStore;
  readonly log: EventLog;
}

/**
 * Admits a device that waits, by the fingerprint that its agent shows. The controller shows it nowhere: who could copy
 * it from here would not look at the device.
 */
export class ApproveDevice {
  readonly #ports: ApproveDevicePorts;

  constructor(ports: ApproveDevicePorts) {
    this.#ports = ports;
  }

  /**
   * @throws NotFoundError DEVICE_UNKNOWN
   * @throws DeviceStateError DEVICE_NOT_PENDING | FINGERPRINT_MISMATCH
   * @throws AccessError NOT_PERMITTED
   */
  async run(id: DeviceId, { fingerprint }: DeviceApproval, caller: Principal): Promise<Device> {
    const { clock, fleet, log } = this.#ports;
    const device = await changeableDevice(fleet, id, caller);
    if (device.state !== "pending") throw notPending(device);
    const { publicKey } = device;
    if (fingerprintOf(keyIdOf(publicKey)) !== fingerprint) throw mismatch(id, fingerprint);
    const isApproved = await fleet.approveDevice(id, publicKey, {
      atMs: clock.nowMs(),
      actor: caller.id,
      action: "device.approved",
      subject: `device:${id}`,
      detail: { fingerprint, claim: device.claimId },
    });
    const now = await knownDevice(fleet, id);
    if (!isApproved) throw notPending(now);
    log.info({ event: "device.approved", device: id, by: caller.id }, "device approved");
    return seenDevice(deviceView(now, await fleet.recentItems(id)), caller);
  }
}

function notPending({ id, state }: DeviceRecord): DeviceStateError {
  return new DeviceStateError(
    "DEVICE_NOT_PENDING",
    `expected a device that waits for approval, ${id} is ${state}: see modelfleet device list`,
  );
}

function mismatch(id: DeviceId, fingerprint: string): DeviceStateError {
  return new DeviceStateError(
    "FINGERPRINT_MISMATCH",
    `expected the fingerprint of the key that waits as ${id}, got ${fingerprint}: compare with what the agent prints on the device; if it prints just this, another device took the name, then modelfleet device revoke ${id}`,
  );
}
