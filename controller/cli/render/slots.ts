import type { Device } from "@modelfleet/protocol";

/** What runs in each slot, as the device last reported: `main:digits@1.0.0`. */
export function slotsRunning(device: Device): string {
  const names = device.slots.flatMap((slot) =>
    slot.active === null ? [] : [`${slot.slot}:${slot.active.model}@${slot.active.version}`],
  );
  return names.length === 0 ? "nothing" : names.join(" ");
}

/** What the controller wants in each slot. */
export function slotsWanted(device: Device): string {
  const names = device.desired.slots.map((slot) => `${slot.slot}:${slot.model}@${slot.version}`);
  return names.length === 0 ? "nothing" : names.join(" ");
}
