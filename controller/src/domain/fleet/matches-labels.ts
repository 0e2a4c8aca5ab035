import type { Labels } from "@modelfleet/protocol";

/** Whether a device carries every one of the wanted labels; no wanted label matches every device. */
export function matchesLabels(carried: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => carried[key] === value);
}
