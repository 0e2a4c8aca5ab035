import { ModelName, type RefusalCode, type TrustState } from "@modelfleet/protocol";
import type { AgentState } from "./agent-state.ts";

/** Refusals that another root may lift: other keys, another list of revoked releases, floors that were set back. */
const rootBound: ReadonlySet<RefusalCode> = new Set<RefusalCode>(["SIGNATURE", "REVOKED", "FLOOR"]);

/** The state record after one step of rotation, as `adoptRoot` decided it. What runs is not touched. */
export function stateUnder(state: AgentState, trust: TrustState): AgentState {
  const { root, seq, desiredSha256, timeFloorMs } = trust;
  const floors = Object.entries(trust.floors).map(([model, securityVersion]) => ({
    model: ModelName.parse(model),
    securityVersion,
  }));
  return {
    ...state,
    ...{ seq, desiredSha256, timeFloorMs, floors },
    rootVersion: root.document.version,
    rootSha256: root.sha256,
    blocked: state.blocked.filter(({ code }) => !rootBound.has(code)),
  };
}
