import type { Device } from "@modelfleet/protocol";
import { permits } from "../../domain/access/permits.ts";
import type { Principal } from "../../domain/access/principal.ts";

/** A device as this caller may see it: of what it runs, only the models that are his too. */
export function seenDevice(device: Device, caller: Principal): Device {
  const { labels, desired, slots, recent } = device;
  const isSeen = (release: { readonly model: Device["recent"][number]["model"] } | null) =>
    release === null || permits(caller, { action: "device.read", model: release.model, labels });
  return {
    ...device,
    desired: { ...desired, slots: desired.slots.filter(isSeen) },
    slots: slots.filter(({ active, previous, trial }) => [active, previous, trial].every(isSeen)),
    recent: recent.filter(isSeen),
  };
}
