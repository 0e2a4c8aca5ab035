import type { Device } from "@modelfleet/protocol";

/** One word for how a device stands: whether it is connected, if it may be. */
export function stateWord({ state, online }: Device): string {
  if (state !== "active") return state;
  return online ? "online" : "offline";
}
