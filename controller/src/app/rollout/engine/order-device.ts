import { documentLimits, type MaintenanceWindow, type SlotName } from "@modelfleet/protocol";
import { withSlot } from "../../../domain/fleet/desired-models.ts";
import { deviceZone } from "../../../domain/rollout/pacing/windows-of.ts";
import type { RolloutRecord } from "../../../domain/rollout/rollout.ts";
import type { Calendar } from "../../../ports/calendar.ts";
import type { DesiredEntry, DeviceRecord } from "../../../ports/fleet-store.ts";
import type { ReleaseRecord } from "../../../ports/release-store.ts";
import type { RolloutAssignment } from "../../../ports/rollout-store.ts";
import { signDesired } from "../../deployment/sign-desired.ts";
import type { RolloutPorts } from "../rollout-ports.ts";

/** What a slot is told to run, signed. It means nothing until it is stored under the device's sequence. */
export async function orderDevice(
  ports: Pick<RolloutPorts, "calendar" | "clock" | "keys">,
  device: DeviceRecord,
  { slot, entry }: { readonly slot: SlotName; readonly entry: DesiredEntry | null },
): Promise<RolloutAssignment> {
  const document = await signDesired(ports, {
    device: device.id,
    storedSeq: device.desired.seq,
    reportedSeq: device.reportedSeq,
    slots: slotsWith(device, slot, entry),
  });
  return { ...document, entry };
}

/** Whether one more slot would be more than a device may have. */
export function isOneSlotTooMany(device: DeviceRecord, slot: SlotName): boolean {
  const others = device.desired.slots.filter((entry) => entry.slot !== slot);
  return others.length + 1 > documentLimits.modelsPerDesiredMax;
}

/**
 * What a rollout wants of a slot of this device. Rules:
 *
 * 1. An order after the first has a higher attempt than any that the device has got for this release since it was told
 *    another: only so is a release that it gave up tried again (protocol.md 4.5).
 * 2. Windows are in the zone that the device is in now.
 */
export function rolloutEntryOf(
  { id, model, modelVersion, plan }: RolloutRecord,
  { release, envelope }: ReleaseRecord,
  { device, attempts, calendar }: Ordered,
): DesiredEntry {
  const { slot, windows, deferMsMax } = plan;
  const wish = device.desired.slots.find((one) => one.slot === slot);
  const known = wish?.release === release ? (wish.attempt ?? 1) : 0;
  return {
    slot,
    release,
    model,
    version: modelVersion,
    envelopeSize: envelope.length,
    deployment: id,
    attempt: Math.max(attempts + 1, attempts === 0 ? known : known + 1),
    ...(windows.length === 0 ? {} : { windows: windows.map(zoned) }),
    ...(deferMsMax === undefined ? {} : { deferMsMax }),
  };

  function zoned(window: MaintenanceWindow): MaintenanceWindow {
    if (window.zone !== "device") return window;
    return { ...window, zone: deviceZone(device.labels, calendar.isZone) };
  }
}

interface Ordered {
  readonly device: DeviceRecord;
  /** Orders it has got from this rollout. */
  readonly attempts: number;
  readonly calendar: Pick<Calendar, "isZone">;
}

function slotsWith(device: DeviceRecord, slot: SlotName, entry: DesiredEntry | null) {
  if (entry !== null) return withSlot(device.desired.slots, entry);
  return device.desired.slots.filter((other) => other.slot !== slot);
}
