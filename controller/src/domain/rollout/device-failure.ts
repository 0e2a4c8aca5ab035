import type { ExecutionStep } from "./execution.ts";
import { isBad, isInFlight } from "./machine/execution-states.ts";

/**
 * Whether a transition is a failure of the device: an attempt that ended badly, also when another one follows. Not what
 * the infrastructure was at fault for, nor a way back that somebody asked for.
 */
export function isDeviceFailure({ from, to, code }: ExecutionStep): boolean {
  if (code === "INFRASTRUCTURE" || code === "REVERTED") return false;
  if (isBad(to)) return from !== "reverting";
  return to === "queued" && isInFlight(from) && code !== null;
}
