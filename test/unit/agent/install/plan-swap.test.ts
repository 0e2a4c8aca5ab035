import { expect, test } from "vitest";
import {
  isUrgent,
  planStep,
  type SlotFacts,
  type Step,
} from "../../../../agent/src/domain/install/plan-step.ts";
import {
  facts,
  failure,
  one,
  onTrial,
  r2,
  slot,
  trialWaits,
  two,
  wanted,
} from "../../../support/agent/slot-facts.ts";

/** From a proven release to the one that answers: rehearsal, deferral, memory. */
const cases: readonly (readonly [string, SlotFacts, Partial<Step>])[] = [
  [
    "a proven trial that was not asked for a rehearsal: begin it",
    facts({ ...trialWaits, ready: r2 ?? null, rehearsal: { kind: "due" } }),
    { do: "rehearse" },
  ],
  [
    "a trial in rehearsal: wait",
    facts({ ...trialWaits, ready: r2 ?? null, rehearsal: { kind: "open", waitMs: 40 } }),
    { do: "wait", waitMs: 40 },
  ],
  [
    "a trial in rehearsal where nobody answers any more: it is the only one that could",
    facts({
      ...{ ready: r2 ?? null, rehearsal: { kind: "open", waitMs: 40 }, serving: null },
      ...{ slot: slot({ trial: onTrial(2) }), wanted: wanted(two) },
    }),
    { do: "end-rehearsal" },
  ],
  [
    "a trial whose rehearsal moved on: tell it",
    facts({ ...trialWaits, ready: r2 ?? null, rehearsal: { kind: "moved" } }),
    { do: "tell-rehearsal" },
  ],
  [
    "a trial that passed its rehearsal: end that first",
    facts({ ...trialWaits, ready: r2 ?? null, rehearsal: { kind: "passed" } }),
    { do: "end-rehearsal" },
  ],
  [
    "a trial that failed its rehearsal: refuse it",
    facts({ ...trialWaits, ready: r2 ?? null, rehearsal: { kind: "failed", failure } }),
    { do: "refuse", failure },
  ],
  [
    "a trial that failed its rehearsal and whose runner is gone: refuse it, do not load it again",
    facts({ ...trialWaits, rehearsal: { kind: "failed", failure } }),
    { do: "refuse", failure },
  ],
  [
    "a trial in rehearsal whose runner is gone: load it again",
    facts({ ...trialWaits, rehearsal: { kind: "open", waitMs: 40 } }),
    { do: "load" },
  ],
  [
    "a trial that got its start back and whose runner is gone: count it",
    facts({ ...trialWaits, isStartOwed: true }),
    { do: "count-start" },
  ],
  [
    "a proven trial that an application puts off, which is news: tell it",
    facts({ ...trialWaits, ready: r2 ?? null, deferral: { kind: "untold", waitMs: 90 } }),
    { do: "tell-deferral", waitMs: 90 },
  ],
  [
    "a proven trial that an application puts off: wait",
    facts({ ...trialWaits, ready: r2 ?? null, deferral: { kind: "told", waitMs: 90 } }),
    { do: "wait", waitMs: 90 },
  ],
  [
    "a proven trial that is put off while nothing answers and the next restore is not due: activate it",
    facts({
      ...trialWaits,
      serving: null,
      restoreInMs: 500,
      ready: r2 ?? null,
      deferral: { kind: "told", waitMs: 90 },
    }),
    { do: "activate" },
  ],
  [
    "a first release that is put off: activate it",
    facts({
      slot: slot({ trial: onTrial(2) }),
      wanted: wanted(two),
      ready: r2 ?? null,
      deferral: { kind: "untold", waitMs: 90 },
    }),
    { do: "activate" },
  ],
  [
    "an active release that did not come back while a trial is in rehearsal: end that, for nothing answers",
    facts({
      ...trialWaits,
      serving: null,
      restoreInMs: 30,
      ready: r2 ?? null,
      rehearsal: { kind: "open", waitMs: 400 },
    }),
    { do: "end-rehearsal" },
  ],
  [
    "a release that asks for a rehearsal, where nothing answers that it could be rehearsed beside: activate it",
    facts({
      slot: slot({ trial: onTrial(2) }),
      wanted: wanted(two),
      ready: r2 ?? null,
      rehearsal: { kind: "due" },
    }),
    { do: "activate" },
  ],
  [
    "a trial for which the active release has to stop: swap in place",
    facts({ ...trialWaits, room: { kind: "after-stop" } }),
    { do: "swap-in-place" },
  ],
  [
    "a trial for which the active release has to stop, and which is put off: wait",
    facts({ ...trialWaits, room: { kind: "after-stop" }, deferral: { kind: "told", waitMs: 5 } }),
    { do: "wait", waitMs: 5 },
  ],
  [
    "a trial without memory: refuse it",
    facts({ ...trialWaits, room: { kind: "short", failure } }),
    { do: "refuse", failure },
  ],
  [
    "a trial whose last start is spent is refused before the active release is stopped for it",
    facts({
      ...trialWaits,
      slot: slot({ active: one ?? null, trial: onTrial(0) }),
      room: { kind: "after-stop" },
    }),
    { do: "refuse" },
  ],
];

test.each(cases)("%s", (_, given, expected) => {
  expect(planStep(given)).toMatchObject(expected);
  expect(isUrgent(planStep(given))).toBe(false);
});
