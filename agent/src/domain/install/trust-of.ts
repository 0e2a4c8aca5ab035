import type { DeviceId, TrustState, VerifiedRoot } from "@modelfleet/protocol";
import type { AgentState } from "./agent-state.ts";

/** The part of the state record that the trust core decides by. */
export function trustOf(state: AgentState, root: VerifiedRoot, device: DeviceId): TrustState {
  const { seq, desiredSha256, timeFloorMs } = state;
  const floors = Object.fromEntries(
    state.floors.map(({ model, securityVersion }) => [model, securityVersion]),
  );
  return { root, device, seq, desiredSha256, timeFloorMs, floors };
}
