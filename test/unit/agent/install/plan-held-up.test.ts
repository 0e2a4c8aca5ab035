import { updateLockLimits } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import type { Gate } from "../../../../agent/src/domain/install/activation-gate.ts";
import {
  planStep,
  restMsOf,
  type SlotFacts,
  type Step,
} from "../../../../agent/src/domain/install/plan-step.ts";
import {
  confirmed,
  facts,
  failure,
  one,
  onTrial,
  r2,
  slot,
  trialServes,
  trialWaits,
  two,
  wanted,
} from "../../../support/agent/slot-facts.ts";

const gate: Gate = {
  ...{ kind: "shut", by: "window", detail: "window", opensInMs: 90_000, isOver: false },
};
const proven = { ...trialWaits, ready: r2 ?? null, gate };
const denied = { reason: "not before the harvest", attempt: 2 };

/** What a window, a lock or a denial on the device changes. */
const cases: readonly (readonly [string, SlotFacts, Partial<Step>])[] = [
  [
    "the document is missing: it is fetched behind a shut gate too",
    facts({ ...confirmed, wanted: wanted(two), onDisk: "nothing", gate }),
    { do: "fetch-release" },
  ],
  [
    "files are missing: they are fetched",
    facts({ ...confirmed, wanted: wanted(two), onDisk: "document", gate }),
    { do: "download" },
  ],
  [
    "a trial that is not loaded: it is proven at once",
    facts({ ...trialWaits, gate }),
    { do: "load" },
  ],
  ["a proven trial: that it waits is told", facts(proven), { do: "tell-waiting", gate }],
  [
    "a proven trial, which is told: wait for the window",
    facts({ ...proven, isGateTold: true }),
    { do: "wait", waitMs: 90_000, isCalm: true },
  ],
  [
    "a proven trial in its window: activate it",
    facts({ ...proven, gate: { kind: "open" } }),
    { do: "activate" },
  ],
  [
    "a proven trial that an application puts off too: the gate is what is told",
    facts({ ...proven, deferral: { kind: "untold", waitMs: 5 } }),
    { do: "tell-waiting" },
  ],
  [
    "a first release: it waits as well",
    facts({ ...proven, slot: slot({ trial: onTrial(2) }), serving: null }),
    { do: "tell-waiting" },
  ],
  [
    "a rehearsal, which lets live requests in: it does not begin",
    facts({ ...proven, rehearsal: { kind: "due" } }),
    { do: "tell-waiting" },
  ],
  [
    "a rehearsal that has begun: it goes on",
    facts({ ...proven, rehearsal: { kind: "open", waitMs: 40 } }),
    { do: "wait", waitMs: 40 },
  ],
  [
    "a rehearsal that has failed: nothing more to wait for",
    facts({ ...proven, rehearsal: { kind: "failed", failure } }),
    { do: "refuse", failure },
  ],
  [
    "room only without the active release: it is not stopped before",
    facts({ ...trialWaits, gate, room: { kind: "after-stop" } }),
    { do: "tell-waiting" },
  ],
  [
    "no room: refused at once",
    facts({ ...trialWaits, gate, room: { kind: "short", failure } }),
    { do: "refuse", failure },
  ],
  [
    "a trial that serves already is judged as any other",
    facts({ ...trialServes, gate, verdict: { kind: "passed" } }),
    { do: "confirm" },
  ],
  [
    "the active release is down: it is restored, whatever the gate",
    facts({ ...proven, serving: null }),
    { do: "restore" },
  ],
  [
    "a trial that somebody denied: refuse it",
    facts({ ...proven, denied }),
    { do: "refuse", attempt: 2, failure: { code: "CONSENT_DENIED", detail: denied.reason } },
  ],
  [
    "a trial that was denied in its rehearsal: refuse it",
    facts({ ...proven, denied, rehearsal: { kind: "open", waitMs: 40 } }),
    { do: "refuse", attempt: 2, failure: { code: "CONSENT_DENIED", detail: denied.reason } },
  ],
  [
    "a trial that was denied and whose runner is gone: it is not loaded for that",
    facts({ ...trialWaits, denied }),
    { do: "refuse" },
  ],
  [
    "a denied trial that nobody wants any more: drop it",
    facts({ ...proven, wanted: wanted(one), denied }),
    { do: "drop-trial" },
  ],
  [
    "a slot that the document does not name: a release that waits there is dropped",
    facts({ ...proven, wanted: null, isUnnamed: true }),
    { do: "drop-trial" },
  ],
  [
    "a slot that the document does not name: one that serves on trial gives way",
    facts({ ...trialServes, wanted: null, isUnnamed: true }),
    { do: "give-way" },
  ],
  [
    "a slot that no document is known of: one that serves on trial is judged",
    facts({ ...trialServes, wanted: null }),
    { do: "wait" },
  ],
  [
    "a slot that the document does not name, with nothing before: what serves is left",
    facts({ ...trialServes, slot: slot({ trial: onTrial(2) }), wanted: null, isUnnamed: true }),
    { do: "wait" },
  ],
];

test.each(cases)("%s", (_, given, expected) => {
  expect(planStep(given)).toMatchObject(expected);
});

test("a gate is looked at again before it opens, for the clock may be set; a verdict more often", () => {
  expect(restMsOf({ do: "wait", waitMs: 90_000, isCalm: true })).toBe(updateLockLimits.lookMsMax);
  expect(restMsOf({ do: "wait", waitMs: 700, isCalm: true })).toBe(700);
  expect(restMsOf({ do: "wait", waitMs: 90_000 })).toBeLessThan(updateLockLimits.lookMsMax);
});
