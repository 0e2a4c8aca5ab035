import { alertKey } from "../../domain/drift/alerts/advance-alerts.ts";
import type { AlertState } from "../../domain/drift/alerts/alert-state.ts";
import type { CohortKey } from "../../domain/drift/cohort-key.ts";
import type { SignalId } from "../../domain/drift/signal.ts";
import type { DriftRelease, RememberedAlert } from "../../ports/drift-store.ts";

/** By `alertKey`. */
export type States = ReadonlyMap<string, AlertState>;

/** Where the alerts of a release stand; nowhere when nothing of it was judged yet. */
export function statesOf(release: DriftRelease | undefined): States {
  const known = release?.memory.alerts ?? [];
  return new Map(known.map(({ cohort, signal, state }) => [alertKey(cohort, signal), state]));
}

/** The states as they are kept, some of them changed and some forgotten. */
export function remembered(
  states: States,
  changed: States,
  gone: ReadonlySet<string> = new Set(),
): readonly RememberedAlert[] {
  return [...new Map([...states, ...changed])]
    .filter(([key]) => !gone.has(key))
    .map(([key, state]) => {
      const [cohort, signal] = JSON.parse(key) as [CohortKey, SignalId];
      return { cohort, signal, state };
    });
}
