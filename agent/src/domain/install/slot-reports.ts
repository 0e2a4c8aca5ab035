import { type DesiredModel, documentLimits, type SlotReport } from "@modelfleet/protocol";
import { type AgentState, slotOf } from "./agent-state.ts";

const refusedMax = 8;

/** What every slot of the device runs and refuses, as it is told to the controller. */
export function slotReports(state: AgentState, wanted: readonly DesiredModel[]): SlotReport[] {
  const names = new Set([...state.slots, ...wanted].map(({ slot }) => slot));
  return [...names].slice(0, documentLimits.modelsPerDesiredMax).map((name) => {
    const { slot, active, previous, trial } = slotOf(state, name);
    const named = wanted.filter((model) => model.slot === name);
    // A revoked release that nothing can replace is refused and active at once.
    const releases = [...named, ...(active === null ? [] : [active])].map(({ release }) => release);
    const refused = state.blocked.filter(({ release }) => releases.includes(release));
    return {
      slot,
      active,
      previous,
      trial:
        trial === null
          ? null
          : { release: trial.release, model: trial.model, version: trial.version },
      refused: refused.slice(-refusedMax).map(({ release, code, detail }) => {
        return { release, code, detail };
      }),
    };
  });
}
