import { formatTimestamp } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { type GateFacts, judgeGate } from "../../../../agent/src/domain/install/activation-gate.ts";

const fromMs = Date.UTC(2026, 0, 2, 3);
const hourMs = 3_600_000;
const window = (beginMs: number): [string, string] => [
  formatTimestamp(beginMs),
  formatTimestamp(beginMs + hourMs),
];
const twoNights = { windows: [window(fromMs), window(fromMs + 24 * hourMs)] };

function gate(facts: Partial<GateFacts>) {
  return judgeGate({
    ...{ activate: twoNights, isLocked: false, isClockBelieved: true, nowMs: fromMs },
    ...facts,
  });
}

test.each([
  ["a millisecond before its first window", fromMs - 1, 1],
  ["as it closes", fromMs + hourMs, 23 * hourMs],
  ["a millisecond before the second", fromMs + 24 * hourMs - 1, 1],
])("%s a release waits until the next one opens", (_, nowMs, opensInMs) => {
  expect(gate({ nowMs })).toEqual({
    ...{ kind: "shut", by: "window", detail: "window" },
    ...{ opensInMs, isOver: false },
  });
});

test.each([
  ["as its first window opens", fromMs],
  ["in its last millisecond", fromMs + hourMs - 1],
  ["in its second", fromMs + 24 * hourMs],
])("%s a release may begin to serve", (_, nowMs) => {
  expect(gate({ nowMs })).toEqual({ kind: "open" });
});

test("when all windows have passed, and when there is none, only a new order helps", () => {
  const over = { kind: "shut", by: "window", opensInMs: null, isOver: true };

  expect(gate({ nowMs: fromMs + 25 * hourMs })).toMatchObject(over);
  expect(gate({ nowMs: fromMs + 25 * hourMs - 1 })).toEqual({ kind: "open" });
  expect(gate({ activate: { windows: [] } })).toMatchObject(over);
});

test("a clock that is known to be wrong opens no window, and holds nothing up that waits for none", () => {
  expect(gate({ isClockBelieved: false })).toEqual({
    ...{ kind: "shut", by: "window", opensInMs: null, isOver: false },
    detail: "window; the clock of this device is wrong, so none is open",
  });
  expect(gate({ isClockBelieved: false, activate: "now" })).toEqual({ kind: "open" });
});

test.each([
  ["inside a window", {}],
  ["outside of every window", { nowMs: fromMs - 1 }],
  ["without any", { activate: "now" }],
  ["when all have passed", { nowMs: fromMs + 25 * hourMs }],
] as const)("a lock of the device holds a release up %s", (_, facts) => {
  const shut = { kind: "shut", by: "lock", detail: "lock", opensInMs: null, isOver: false };

  expect(gate({ ...facts, isLocked: true })).toEqual(shut);
});
