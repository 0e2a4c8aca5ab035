import { controllerLimits, documentLimits, type TargetCatalog } from "@modelfleet/protocol";
import { assessDevice } from "../../domain/deployment/assess-device.ts";
import { DeployError } from "../../domain/errors.ts";
import { withSlot } from "../../domain/fleet/desired-models.ts";
import type { Assignment, DeploymentRecord } from "../../ports/deployment-store.ts";
import type { DeviceBus } from "../../ports/device-bus.ts";
import type { EventLog } from "../../ports/event-log.ts";
import type { DeviceRecord, FleetStore } from "../../ports/fleet-store.ts";
import type { ReleaseRecord } from "../../ports/release-store.ts";
import { type Backer, selectDevices } from "./select-devices.ts";
import { type SignDesiredPorts, signDesired } from "./sign-desired.ts";

export interface OrderDeploymentPorts extends SignDesiredPorts {
  readonly bus: DeviceBus;
  readonly catalog: TargetCatalog;
  readonly fleet: FleetStore;
  readonly log: EventLog;
}

export interface DeploymentOrder {
  readonly release: ReleaseRecord;
  /** Its ineligible devices are found here. */
  readonly draft: Omit<DeploymentRecord, "ineligible">;
  /** Whoever stands behind it, each with his right over the model on every one of the devices. */
  readonly behind: readonly Backer[];
  /** @returns false when a device's sequence has moved meanwhile */
  readonly store: (
    deployment: DeploymentRecord,
    assignments: readonly Assignment[],
  ) => Promise<boolean>;
}

/**
 * Orders devices to run a release in a slot. Rules:
 *
 * 1. Each device is assessed; an ineligible one is listed with everything that stands in the way, and left alone.
 * 2. The deployment and every new desired document are stored together or not at all; when a device's sequence has
 *    moved meanwhile, all is planned and signed again.
 * 3. Documents are published after the commit. A device that misses it asks for it (protocol.md 4).
 *
 * @returns how many devices have got an order
 * @throws AccessError NOT_PERMITTED; NotFoundError, DeployError
 */
export async function orderDeployment(
  ports: OrderDeploymentPorts,
  order: DeploymentOrder,
): Promise<number> {
  for (let attempt = 0; attempt < controllerLimits.desiredAttemptsMax; attempt++) {
    const devices = await selectDevices(ports.fleet, order);
    const { deployment, assignments } = await plan(ports, order, devices);
    if (!(await order.store(deployment, assignments))) continue;
    await publish(ports, assignments);
    return assignments.length;
  }
  throw new DeployError(
    "BUSY",
    "the desired state of these devices changes all the time: try again",
  );
}

/** Rule 1. */
async function plan(
  ports: OrderDeploymentPorts,
  { draft, release }: DeploymentOrder,
  devices: readonly DeviceRecord[],
) {
  const assessed = devices.map((device) => ({
    device,
    reasons: assessDevice(ports.catalog, device, release),
  }));
  const deployment: DeploymentRecord = {
    ...draft,
    ineligible: assessed
      .filter(({ reasons }) => reasons.length > 0)
      .map(({ device, reasons }) => ({ device: device.id, reasons })),
  };
  const assignments: Assignment[] = [];
  for (const { device, reasons } of assessed) {
    if (reasons.length === 0)
      assignments.push(await assign(ports, deployment, { device, release }));
  }
  return { deployment, assignments };
}

async function assign(
  ports: OrderDeploymentPorts,
  { id, slot, model, version, deferMsMax }: DeploymentRecord,
  { device, release }: { readonly device: DeviceRecord; readonly release: ReleaseRecord },
): Promise<Assignment> {
  const before = device.desired.slots.find((held) => held.slot === slot);
  const attempt = before?.release === release.release ? before.attempt : undefined;
  const entry = {
    slot,
    release: release.release,
    model,
    version,
    envelopeSize: release.envelope.length,
    deployment: id,
    // The same release again is no new attempt, and a later one has to be higher than all there were.
    ...(attempt === undefined ? {} : { attempt }),
    ...(deferMsMax === undefined ? {} : { deferMsMax }),
  };
  const slots = withSlot(device.desired.slots, entry);
  if (slots.length > documentLimits.modelsPerDesiredMax) {
    throw new DeployError(
      "MODELS_TOO_MANY",
      `expected at most ${documentLimits.modelsPerDesiredMax} slots on ${device.id}, got ${slots.length}: use a slot it has`,
    );
  }
  const document = await signDesired(ports, {
    device: device.id,
    storedSeq: device.desired.seq,
    reportedSeq: device.reportedSeq,
    slots,
  });
  return { ...document, device: device.id, entry };
}

/** Rule 3. */
async function publish(
  { bus, log }: OrderDeploymentPorts,
  assignments: readonly Assignment[],
): Promise<void> {
  for (const { device, envelope } of assignments) {
    try {
      await bus.publishDesired(device, envelope);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.warn({ event: "desired.not-sent", device, reason }, "desired not sent");
    }
  }
}
