import { ExecutionState } from "@modelfleet/protocol";
import type { StageCounts, StageFigures, Tally } from "../stage.ts";
import { isBad } from "./execution-states.ts";

/**
 * N, ok and bad of rollouts.md 3. Who was skipped because it had the release already is ok; who was skipped otherwise,
 * taken out or called off is not of the stage any more; a straggler is set aside.
 */
export function stageFigures({ tally, alreadyInstalled }: StageCounts): StageFigures {
  const ok = countOf(tally, "succeeded") + alreadyInstalled;
  const bad = sum(tally, isBad);
  const deferred = countOf(tally, "straggler");
  const isOut = (state: ExecutionState) => outside.has(state);
  return {
    counted: sum(tally, () => true) - sum(tally, isOut) - deferred + alreadyInstalled,
    deferred,
    ok,
    bad,
    decided: ok + bad,
  };
}

/** How many executions are in states that `holds` names. */
export function sum(tally: Tally, holds: (state: ExecutionState) => boolean): number {
  return ExecutionState.options
    .filter(holds)
    .reduce((total, state) => total + countOf(tally, state), 0);
}

const outside: ReadonlySet<ExecutionState> = new Set(["canceled", "removed", "skipped"]);

function countOf(tally: Tally, state: ExecutionState): number {
  return tally[state] ?? 0;
}
