import type { StateRecord } from "../app/install/state-record.ts";
import { LiveBook } from "../app/rehearsal/live-book.ts";
import { measuredServing } from "../app/rehearsal/measured-serving.ts";
import { Rehearsals } from "../app/rehearsal/rehearsals.ts";
import { slotOf } from "../domain/install/agent-state.ts";
import type { ProbationRules } from "../domain/install/probation.ts";
import type { Observation } from "../domain/serving/routed-model.ts";
import type { Clock } from "../ports/clock.ts";
import type { Rehearse } from "../ports/rehearsal.ts";
import type { LoadedModel } from "../ports/runner-host.ts";
import type { Serving } from "../ports/serving.ts";

export interface RehearsalWiring {
  readonly serving: Serving;
  readonly record: StateRecord;
  readonly rules: ProbationRules;
  readonly clock: Clock;
  /** The install loop should look at its slots now. */
  readonly ring: () => void;
}

/** What measures live answers and rehearses releases: told of each answer, and asked by the install loop. */
export function wireRehearsal({ serving, record, rules, clock, ring }: RehearsalWiring) {
  const book = new LiveBook({
    rules,
    isOnTrial: (slot, release) => slotOf(record.current(), slot).trial?.release === release,
    failed: ring,
  });
  const measured = measuredServing(serving, book);
  const rehearsals = new Rehearsals({ serving: measured, rules, clock, changed: ring });
  const rehearse: Rehearse = (slot, model) => rehearsals.begin(slot, model);
  return {
    /** Of the install loop. */
    parts: { serving: measured, rehearse, live: (model: LoadedModel) => book.facts(model) },
    agreements: () => rehearsals.agreements(),
    observe: (observation: Observation<LoadedModel>) => {
      book.observe(observation);
      rehearsals.observe(observation);
    },
  };
}
