import type { Labels } from "@modelfleet/protocol";

/** Whether a device is to stay on what it has: it carries the label `pinned=true`. */
export function isPinned(labels: Labels): boolean {
  return Object.hasOwn(labels, "pinned") && labels["pinned"] === "true";
}
