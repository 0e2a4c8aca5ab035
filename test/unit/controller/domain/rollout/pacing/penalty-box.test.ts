import { expect, test } from "vitest";
import {
  boxedUntilMs,
  penaltyMemoryMs,
} from "../../../../../../controller/src/domain/rollout/pacing/penalty-box.ts";

const penalty = { failuresMax: 3, withinMs: 100, boxMs: 1_000 };

test("so many failures within the time put a device into the box, one fewer do not", () => {
  expect(boxedUntilMs(penalty, [10, 20, 30], 30)).toBe(1_030);
  expect(boxedUntilMs(penalty, [10, 20], 30)).toBeNull();
});

test("failures as far apart as the time do not count together, those a millisecond closer do", () => {
  expect(boxedUntilMs(penalty, [0, 50, 100], 100)).toBeNull();
  expect(boxedUntilMs(penalty, [1, 50, 100], 100)).toBe(1_100);
});

test("it is free at the moment its time is over, and not before", () => {
  expect(boxedUntilMs(penalty, [10, 20, 30], 1_029)).toBe(1_030);
  expect(boxedUntilMs(penalty, [10, 20, 30], 1_030)).toBeNull();
});

test("a single later failure does not put it back or keep it longer", () => {
  expect(boxedUntilMs(penalty, [10, 20, 30, 500], 600)).toBe(1_030);
  expect(boxedUntilMs(penalty, [10, 20, 30, 1_050], 1_050)).toBeNull();
});

test("a fourth failure within the time keeps it from then on", () => {
  expect(boxedUntilMs(penalty, [10, 20, 30, 90], 600)).toBe(1_090);
});

test("the order in which failures are told makes no difference", () => {
  expect(boxedUntilMs(penalty, [30, 10, 20], 30)).toBe(1_030);
});

test("without a penalty nobody is boxed", () => {
  expect(boxedUntilMs(undefined, [1, 2, 3], 3)).toBeNull();
});

test("older failures than are remembered make no difference", () => {
  const nowMs = 5_000;
  const old = nowMs - penaltyMemoryMs(penalty);

  expect(boxedUntilMs(penalty, [old - 2, old - 1, old], nowMs)).toBeNull();
  expect(boxedUntilMs(penalty, [old + 1, old + 50, old + 100], nowMs - 1)).toBe(nowMs);
});
