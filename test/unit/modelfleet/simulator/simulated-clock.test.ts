import { expect, test } from "vitest";
import { Chance } from "../../../../modelfleet/src/simulator/chance.ts";
import { SimulatedClock } from "../../../../modelfleet/src/simulator/simulated-clock.ts";

test("what is due is done in its moment, by owner in the order it was asked for, periodic tasks last", async () => {
  const clock = new SimulatedClock(0, "seed");
  const done: string[] = [];
  const say = (what: string) => () => void done.push(`${clock.nowMs()} ${what}`);
  clock.after(250, 1, say("second"));
  clock.after(210, 0, say("first"));
  clock.after(290, 1, say("third"));
  clock.after(100, 0, say("early"));
  clock.every(300, async () => {
    await Promise.resolve();
    say("period")();
  });

  while (done.length < 6) await clock.advance();

  expect(done).toEqual([
    ...["100 early", "300 first", "300 second", "300 third", "300 period", "600 period"],
  ]);
});

test("what a task asks for at once is done in a later moment", async () => {
  const clock = new SimulatedClock(0, "seed");
  const done: number[] = [];
  clock.after(100, 0, () => clock.after(0, 0, () => void done.push(clock.nowMs())));

  await clock.advance();
  expect(done).toEqual([]);
  await clock.advance();

  expect(done).toEqual([200]);
  expect(await clock.advance()).toBe(false);
});

test("chance is the same from the same name, another from another, and even", () => {
  const draw = (name: string) => {
    const chance = new Chance(name);
    return Array.from({ length: 20_000 }, () => chance.next());
  };
  const drawn = draw("one");

  expect(draw("one")).toEqual(drawn);
  expect(draw("two")).not.toEqual(drawn);
  const mean = drawn.reduce((sum, one) => sum + one, 0) / drawn.length;
  // Six standard deviations of a mean of 20,000: 6 × √(1/12 / 20,000).
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.0123);
});
