import type { Sha256 } from "@modelfleet/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  isUrgent,
  planStep,
  type SlotFacts,
} from "../../../../agent/src/domain/install/plan-step.ts";
import {
  facts,
  failure,
  one,
  onTrial,
  slot,
  three,
  two,
  wanted,
} from "../../../support/agent/slot-facts.ts";

const releases = [one, two, three].map((reference) => reference?.release ?? null);
const anyRelease = fc.constantFrom<(Sha256 | null)[]>(null, ...releases);
const anyWait = fc.integer({ min: 1, max: 1_000 });
const waits = <Kind extends string>(kind: Kind) => anyWait.map((waitMs) => ({ kind, waitMs }));
const just = <Kind extends string>(kind: Kind) => fc.constant({ kind });
const failed = <Kind extends string>(kind: Kind) => fc.constant({ kind, failure });
const anyVerdict = fc.oneof(waits("open"), just("passed"), failed("failed"));

const anyShut = fc.record({
  kind: fc.constant("shut" as const),
  by: fc.constantFrom("window", "lock"),
  detail: fc.constant("window"),
  opensInMs: fc.option(fc.integer({ min: 1, max: 1_000 })),
  isOver: fc.boolean(),
});

const shut = { kind: "shut", by: "lock", detail: "lock", opensInMs: null } as const;

/** Whatever can be written down as facts, also what never comes together on a device. */
const anyFacts: fc.Arbitrary<SlotFacts> = fc
  .record({
    active: fc.constantFrom(null, one ?? null),
    previous: fc.constantFrom(null, three ?? null),
    attemptsLeft: fc.option(fc.integer({ min: 0, max: 3 })),
    wanted: fc.constantFrom(null, wanted(one), wanted(two), wanted(three)),
    blocked: fc.subarray([one, two, three].flatMap((held) => held ?? [])),
    onDisk: fc.constantFrom("nothing", "document", "files"),
    serving: anyRelease,
    ready: anyRelease,
    broken: fc.option(fc.constant(failure)),
    distrusted: fc.option(fc.constant(failure)),
    revoked: fc.constantFrom("no", "replaceable", "alone"),
    restoreInMs: fc.nat({ max: 900 }),
    verdict: anyVerdict,
    room: fc.oneof(just("enough"), just("after-stop"), failed("short")),
    rehearsal: fc.oneof(just("none"), just("due"), just("moved"), anyVerdict),
    isStartOwed: fc.boolean(),
    deferral: fc.oneof(just("none"), waits("untold"), waits("told")),
    denied: fc.option(fc.constant({ reason: "not now", attempt: 1 })),
    gate: fc.oneof(just("open"), anyShut),
    isGateTold: fc.boolean(),
    isUnnamed: fc.boolean(),
    transitions: fc.integer({ min: 0, max: 40 }),
  })
  .map(({ active, previous, attemptsLeft, blocked, ...rest }) => {
    const trial = attemptsLeft === null ? null : onTrial(attemptsLeft);
    const refused = blocked.map(({ release }) => ({ release, ...failure }));
    return facts({ ...rest, slot: slot({ active, previous, trial }), blocked: refused });
  });

/** On a failure fast-check prints the seed and the smallest facts that fail. */
function always(
  holds: (given: SlotFacts) => void,
  among: (given: SlotFacts) => SlotFacts = (given) => given,
): void {
  fc.assert(fc.property(anyFacts.map(among), holds), { numRuns: 2_000 });
}

test("whatever the facts, there is one next step, the same each time, and a wait has an end", () => {
  always((given) => {
    const step = planStep(given);

    expect(planStep(given)).toEqual(step);
    if (step.do === "wait") expect(step.waitMs).toBeGreaterThan(0);
  });
});

test("whatever the facts, a release that is down is restored before anything that is not urgent", () => {
  always(
    (given) => {
      const isDropped = given.slot.trial !== null && given.distrusted !== null;

      expect(isUrgent(planStep(given)) || isDropped).toBe(true);
    },
    (given) => {
      const held = { ...given.slot, active: one ?? null };
      return { ...given, slot: held, serving: null, restoreInMs: 0 };
    },
  );
});

test("whatever the facts, a proven and wanted release is neither put off nor rehearsed where nothing answers", () => {
  const proven = { serving: null, ready: two?.release ?? null, wanted: wanted(two) };
  always(
    (given) => {
      expect(["wait", "rehearse", "tell-deferral"]).not.toContain(planStep(given).do);
    },
    (given) => {
      const held = { ...given.slot, active: null, trial: onTrial(2) };
      const gate = { kind: "open" } as const;
      return { ...given, ...proven, slot: held, distrusted: null, gate };
    },
  );
});

test("whatever the facts, what answers is stopped for another only where memory asks for it and the other was signed for that", () => {
  always((given) => {
    const step = planStep(given);

    if (step.do === "swap-in-place") expect(given.room.kind).toBe("after-stop");
    if (step.do === "load") expect(given.room.kind).toBe("enough");
  });
});

test("whatever the facts, behind a shut gate nothing begins to answer that has not answered before", () => {
  always(
    (given) => {
      expect(["activate", "swap-in-place", "rehearse"]).not.toContain(planStep(given).do);
    },
    (given) => {
      const gate = { ...shut, isOver: given.transitions % 2 === 0 };
      return { ...given, gate };
    },
  );
});

test("whatever the facts, a release that was denied is neither loaded nor let in", () => {
  const letIn = ["load", "rehearse", "activate", "swap-in-place", "tell-deferral", "tell-waiting"];
  always(
    (given) => {
      expect(letIn).not.toContain(planStep(given).do);
    },
    (given) => ({ ...given, denied: { reason: "not now", attempt: 1 } }),
  );
});

test("whatever the facts, a swap that takes the place of what answers waits while it is put off", () => {
  always(
    (given) => {
      expect(["activate", "swap-in-place"]).not.toContain(planStep(given).do);
    },
    (given) => ({
      ...given,
      serving: one?.release ?? null,
      deferral: { kind: "told", waitMs: 5 },
    }),
  );
});
