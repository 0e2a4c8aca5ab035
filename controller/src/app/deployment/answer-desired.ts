import { controllerLimits, type DeviceId } from "@modelfleet/protocol";
import { DeployError } from "../../domain/errors.ts";
import type { DeviceBus } from "../../ports/device-bus.ts";
import type { FleetStore } from "../../ports/fleet-store.ts";
import { knownDevice } from "../fleet/known-device.ts";
import { type SignDesiredPorts, signDesired } from "./sign-desired.ts";

export interface AnswerDesiredPorts extends SignDesiredPorts {
  readonly bus: DeviceBus;
  readonly fleet: FleetStore;
}

/**
 * Signs anew what a device should run and sends it. Each signing takes a new sequence (trust.md 5); a deployment
 * that is faster wins, and then its wish is signed.
 *
 * @param nonce the device's challenge, or undefined
 * @throws DeployError BUSY when others were faster every time
 */
export async function answerDesired(
  ports: AnswerDesiredPorts,
  id: DeviceId,
  nonce?: string,
): Promise<void> {
  for (let attempt = 0; attempt < controllerLimits.desiredAttemptsMax; attempt++) {
    const { reportedSeq, desired } = await knownDevice(ports.fleet, id);
    const next = await signDesired(ports, {
      device: id,
      storedSeq: desired.seq,
      reportedSeq,
      slots: desired.slots,
      ...(nonce === undefined ? {} : { nonce }),
    });
    if (!(await ports.fleet.replaceDesired(id, next))) continue;
    await ports.bus.publishDesired(id, next.envelope);
    return;
  }
  throw new DeployError("BUSY", `the desired state of ${id} changes all the time: try again`);
}
