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
  readonly isSkipped: boolean;
  /** It has the release on its disk, in whatever slot. */
  readonly isHeld: boolean;
}

export function judgeDevice(
  device: SelectableDevice,
  order: {
    readonly release: Sha256;
    readonly slot: SlotName;
    readonly reasons: readonly EligibilityReason[];
  },
): JudgedDevice {
  const [reason] = order.reasons;
  const isSkipped = reason !== undefined || isPinned(device.labels);
  return {
    device,
    verdict: verdictOf(device, order),
    reason,
    isSkipped,
    isHeld: isHeld(device, order.release),
  };
}

function verdictOf(
  { labels, slots }: SelectableDevice,
  { release, slot, reasons }: Parameters<typeof judgeDevice>[1],
): JudgedDevice["verdict"] {
  if (reasons.length > 0) return "incompatible";
  if (isPinned(labels)) return "pinned";
  const active = slots.find((one) => one.slot === slot)?.active;
  return active?.release === release ? "installed" : "eligible";
}

function isHeld({ slots }: SelectableDevice, release: Sha256): boolean {
  return slots.some(({ active, previous, trial }) =>
    [active, previous, trial].some((one) => one?.release === release),
  );
}
