import { expect, test } from "vitest";
import {
  isUrgent,
  planStep,
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
  reference,
  slot,
  three,
  trialServes,
  trialWaits,
  two,
  wanted,
} from "../../../support/agent/slot-facts.ts";

const revokedWithPrevious = {
  slot: slot({ active: one ?? null, previous: two ?? null }),
  serving: one?.release ?? null,
};
const revocation = {
  release: reference().release,
  code: "REVOKED",
  detail: "by the root",
} as const;

const cases: readonly (readonly [string, SlotFacts, Partial<Step>])[] = [
  ["nothing is known and nothing wanted: idle", facts(), { do: "idle" }],
  [
    "the document is missing: fetch it",
    facts({ wanted: wanted(), onDisk: "nothing" }),
    { do: "fetch-release" },
  ],
  [
    "a file is missing: download",
    facts({ wanted: wanted(), onDisk: "document" }),
    { do: "download" },
  ],
  ["all files are there: begin the trial", facts({ wanted: wanted() }), { do: "begin-trial" }],
  ["the wanted release serves: idle", facts({ ...confirmed, wanted: wanted() }), { do: "idle" }],
  ["nothing wanted in this slot any more: leave it as it is", facts(confirmed), { do: "idle" }],
  [
    "the wanted release is blocked: idle",
    facts({
      ...confirmed,
      wanted: wanted(two),
      blocked: [{ release: wanted(two).release, ...failure }],
    }),
    { do: "idle" },
  ],
  [
    "another release is blocked: that is no obstacle",
    facts({
      ...confirmed,
      wanted: wanted(two),
      blocked: [{ release: wanted(three).release, ...failure }],
    }),
    { do: "begin-trial" },
  ],
  ["a trial has starts left: load it", facts(trialWaits), { do: "load" }],
  [
    "a trial has its last start spent: refuse it",
    facts({ ...trialWaits, slot: slot({ active: one ?? null, trial: onTrial(0) }) }),
    { do: "refuse", failure: { code: "RUNNER_CRASH", detail: expect.any(String) as string } },
  ],
  [
    "a trial has one start left: it is used",
    facts({ ...trialWaits, slot: slot({ active: one ?? null, trial: onTrial(1) }) }),
    { do: "load" },
  ],
  [
    "trials changed 28 times without an end: refuse it, whatever the reason",
    facts({ ...trialWaits, transitions: 28 }),
    { do: "refuse", failure: { code: "STORE_FAILED", detail: expect.any(String) as string } },
  ],
  [
    "trials changed 27 times without an end: go on",
    facts({ ...trialWaits, transitions: 27 }),
    { do: "load" },
  ],
  [
    "a trial proven in its last start is activated, not refused",
    facts({
      ...trialWaits,
      slot: slot({ active: one ?? null, trial: onTrial(0) }),
      ready: r2 ?? null,
    }),
    { do: "activate" },
  ],
  [
    "a trial is proven: activate it",
    facts({ ...trialWaits, ready: r2 ?? null }),
    { do: "activate" },
  ],
  [
    "a trial lost its files: begin again",
    facts({ ...trialWaits, onDisk: "document" }),
    { do: "drop-trial" },
  ],
  [
    "a trial is not wanted any more: drop it",
    facts({ ...trialWaits, wanted: wanted(three) }),
    { do: "drop-trial" },
  ],
  [
    "a trial is proven and not wanted any more: drop it",
    facts({ ...trialWaits, ready: r2 ?? null, wanted: wanted(three) }),
    { do: "drop-trial" },
  ],
  ["a trial serves and the window is open: wait", facts(trialServes), { do: "wait", waitMs: 700 }],
  [
    "a trial serves and passed: confirm",
    facts({ ...trialServes, verdict: { kind: "passed" } }),
    { do: "confirm" },
  ],
  [
    "a trial serves and failed: roll back",
    facts({ ...trialServes, verdict: { kind: "failed", failure } }),
    { do: "rollback", failure },
  ],
  [
    "a trial failed and is overtaken: its failure counts",
    facts({ ...trialServes, wanted: wanted(three), verdict: { kind: "failed", failure } }),
    { do: "rollback" },
  ],
  [
    "a trial is overtaken: it gives way",
    facts({ ...trialServes, wanted: wanted(three) }),
    { do: "give-way" },
  ],
  [
    "an overtaken trial with nothing behind it stays: some model is better than none",
    facts({ ...trialServes, slot: slot({ trial: onTrial(2) }), wanted: wanted(three) }),
    { do: "wait" },
  ],
  [
    "the active release is down: restore it",
    facts({ ...confirmed, serving: null }),
    { do: "restore" },
  ],
  [
    "the active release is down while another waits on trial: restore first",
    facts({ ...trialWaits, serving: null }),
    { do: "restore" },
  ],
  [
    "the active release cannot run here: fall back",
    facts({ ...confirmed, serving: null, broken: failure }),
    { do: "fall-back", failure },
  ],
  [
    "the next attempt to restore is not due: wait for it",
    facts({ ...confirmed, serving: null, wanted: wanted(), restoreInMs: 900 }),
    { do: "wait", waitMs: 900 },
  ],
  [
    "the next attempt is not due and a cure is wanted: pursue the cure",
    facts({ ...confirmed, serving: null, wanted: wanted(two), restoreInMs: 900 }),
    { do: "begin-trial" },
  ],
  [
    "a trial that serves is not trusted by a new root: roll back",
    facts({ ...trialServes, distrusted: failure, verdict: { kind: "passed" } }),
    { do: "rollback", failure },
  ],
  [
    "a trial that waits is not trusted by a new root: drop it",
    facts({ ...trialWaits, distrusted: failure, ready: r2 ?? null }),
    { do: "drop-trial" },
  ],
  [
    "the active release is revoked and there is another: replace it",
    facts({ ...revokedWithPrevious, revoked: "replaceable" }),
    { do: "replace-revoked", ...(two === undefined ? {} : { by: two.release }) },
  ],
  [
    "the active release is revoked and alone: say so",
    facts({ ...confirmed, revoked: "alone" }),
    { do: "note-revoked" },
  ],
  [
    "the active release is revoked, alone, and that is said: it goes on",
    facts({ ...confirmed, revoked: "alone", blocked: [revocation] }),
    { do: "idle" },
  ],
  [
    "the active release is revoked, alone, said, and down: restore it",
    facts({ ...confirmed, serving: null, revoked: "alone", blocked: [revocation] }),
    { do: "restore" },
  ],
  [
    "the active release is revoked and another is on trial: its verdict decides",
    facts({ ...trialServes, revoked: "alone" }),
    { do: "wait" },
  ],
];

test.each(cases)("%s", (_, given, expected) => {
  expect(planStep(given)).toMatchObject(expected);
});

test("what keeps a working model in place is urgent, and nothing else is", () => {
  const urgent = cases.map(([, given]) => planStep(given)).filter(isUrgent);

  expect(new Set(urgent.map((step) => step.do))).toEqual(
    new Set([
      "restore",
      "fall-back",
      "replace-revoked",
      "note-revoked",
      "confirm",
      "rollback",
      "give-way",
    ]),
  );
});
