import { documentLimits, type SlotName } from "@modelfleet/protocol";
import { desiredModels, withSlot } from "../../../domain/fleet/desired-models.ts";
import type { RolloutRecord } from "../../../domain/rollout/rollout.ts";
import type { DesiredEntry, DeviceRecord } from "../../../ports/fleet-store.ts";
import type { ReleaseRecord } from "../../../ports/release-store.ts";
import type { RolloutAssignment } from "../../../ports/rollout-store.ts";
import { signDesired } from "../../deployment/sign-desired.ts";
import type { RolloutPorts } from "../rollout-ports.ts";

/** What a slot is told to run, signed. It means nothing until it is stored under the device's sequence. */
export async function orderDevice(
  ports: Pick<RolloutPorts, "clock" | "keys">,
  device: DeviceRecord,
  { slot, entry }: { readonly slot: SlotName; readonly entry: DesiredEntry | null },
): Promise<RolloutAssignment> {
  const document = await signDesired(ports, {
    device: device.id,
    storedSeq: device.desired.seq,
    reportedSeq: device.reportedSeq,
    models: desiredModels(slotsWith(device, slot, entry)),
  });
  return { ...document, entry };
}

/** Whether one more slot would be more than a device may have. */
export function isOneSlotTooMany(device: DeviceRecord, slot: SlotName): boolean {
  const others = device.desired.slots.filter((entry) => entry.slot !== slot);
  return others.length + 1 > documentLimits.modelsPerDesiredMax;
}

/** What a rollout wants of a slot. */
export function rolloutEntryOf(
  { id, model, modelVersion, plan }: RolloutRecord,
  { release, envelope }: ReleaseRecord,
): DesiredEntry {
  return {
    slot: plan.slot,
    release,
    model,
    version: modelVersion,
    envelopeSize: envelope.length,
    deployment: id,
    ...(plan.deferMsMax === undefined ? {} : { deferMsMax: plan.deferMsMax }),
  };
}

function slotsWith(device: DeviceRecord, slot: SlotName, entry: DesiredEntry | null) {
  if (entry !== null) return withSlot(device.desired.slots, entry);
  return device.desired.slots.filter((other) => other.slot !== slot);
}
