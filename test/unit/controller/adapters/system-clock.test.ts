import { expect, test } from "vitest";
import { systemClock } from "../../../../controller/src/adapters/clock/system-clock.ts";
import { eventually } from "../../../support/eventually.ts";

test("a periodic task never overlaps itself, and ends when it is disposed", async () => {
  const gate = Promise.withResolvers<undefined>();
  let started = 0;
  const timer = systemClock().every(1, () => {
    started += 1;
    return started === 1 ? Promise.resolve() : gate.promise.then(() => undefined);
  });

  await eventually(() => started === 2);
  let turns = 0;
  using other = systemClock().every(1, () => {
    turns += 1;
    return Promise.resolve();
  });
  await eventually(() => turns > 5);
  expect(started).toBe(2);

  timer[Symbol.dispose]();
  gate.resolve(undefined);
  const before = turns;
  await eventually(() => turns > before + 5);
  expect(started).toBe(2);
  other[Symbol.dispose]();
});

test("random bytes are as many as asked, and never the same twice", () => {
  const { randomBytes } = systemClock();

  expect(randomBytes(16)).toHaveLength(16);
  expect(Buffer.from(randomBytes(16))).not.toEqual(Buffer.from(randomBytes(16)));
});
