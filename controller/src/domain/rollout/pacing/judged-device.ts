import type { EligibilityReason, Sha256, SlotName } from "@modelfleet/protocol";
import type { SelectableDevice } from "../selection/device-fields.ts";
import { isPinned } from "../selection/is-pinned.ts";

/** A device of the target set, and what would become of it. */
export interface JudgedDevice {
  readonly device: SelectableDevice;
  readonly verdict: "eligible" | "incompatible" | "pinned" | "installed";
  /** The first that stands in the way; undefined: it is not incompatible. */
  readonly reason: EligibilityReason | undefined;
  /** Nothing is offered to it and no stage counts it. */
  readonly isExempt: boolean;
  /** It has the release on its disk, in whatever slot. */
  readonly isHeld: boolean;
}

export function judgeDevice(
  device: SelectableDevice,
  { release, slot, reasons }: JudgedOrder,
): JudgedDevice {
  const pinned = isPinned(device.labels);
  const reason = pinned ? undefined : reasons[0];
  const isExempt = pinned || reason !== undefined;
  const isHeld = isOnDisk(device, release);
  const known = { device, reason, isExempt, isHeld };
  if (pinned) return { ...known, verdict: "pinned" };
  if (reason !== undefined) return { ...known, verdict: "incompatible" };
  const serving = device.slots.find((one) => one.slot === slot);
  const isInstalled = serving?.active?.release === release && serving.trial === null;
  return { ...known, verdict: isInstalled ? "installed" : "eligible" };
}

export interface JudgedOrder {
  readonly release: Sha256;
  readonly slot: SlotName;
  /** What stands in the way of giving the release to the device. */
  readonly reasons: readonly EligibilityReason[];
}

function isOnDisk({ slots }: SelectableDevice, release: Sha256): boolean {
  return slots.some(({ active, previous, trial }) =>
    [active, previous, trial].some((one) => one?.release === release),
  );
}
