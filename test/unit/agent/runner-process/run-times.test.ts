import { runnerLimits } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { RunTimes } from "../../../../agent/src/loading/run-times.ts";

const kept = runnerLimits.runTimesKept;
const noteMany = (times: RunTimes, tookMs: number, count: number) => {
  for (let i = 0; i < count; i++) times.note(tookMs);
};

test("a fast runner is taken for hung after ten seconds, and no sooner", () => {
  const times = new RunTimes(2);
  noteMany(times, 3, kept);

  expect(times.hangMs()).toBe(10_000);
});

test("a fresh runner's time is that of its golden cases, twenty times over", () => {
  expect(new RunTimes(500).hangMs()).toBe(10_000);
  expect(new RunTimes(501).hangMs()).toBe(10_020);
});

test("a slow runner has twenty times its p99", () => {
  const times = new RunTimes(1);
  noteMany(times, 2_000, kept);

  expect(times.hangMs()).toBe(40_000);
});

test("one slow answer in a hundred does not count, three do", () => {
  const [once, thrice] = [new RunTimes(1), new RunTimes(1)];

  noteMany(once, 1, 99);
  once.note(60_000);
  noteMany(once, 1, kept - 100);
  noteMany(thrice, 60_000, 3);
  noteMany(thrice, 1, kept - 3);

  expect(once.hangMs()).toBe(10_000);
  expect(thrice.hangMs()).toBe(1_200_000);
});

test("what a runner took long ago is forgotten", () => {
  const times = new RunTimes(1);
  noteMany(times, 60_000, kept);
  noteMany(times, 1, kept);

  expect(times.hangMs()).toBe(10_000);
});
