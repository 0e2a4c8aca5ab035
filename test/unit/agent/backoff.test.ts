import { busLimits } from "@modelfleet/protocol";
import fc from "fast-check";
import { expect, test } from "vitest";
import { backoffMs } from "../../../agent/src/domain/backoff.ts";

const limits = { delayMsMin: busLimits.reconnectMsMin, delayMsMax: busLimits.reconnectMsMax };
const seed = 20_261_121;
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test(`every pause is between the shortest and the longest, whatever the attempt (seed ${seed})`, () => {
  fc.assert(
    fc.property(fc.nat(), chance, (attempt, draw) => {
      const pause = backoffMs(limits, attempt, draw);
      return pause >= limits.delayMsMin && pause <= limits.delayMsMax;
    }),
    { seed },
  );
});

test(`the same draw never gives a shorter pause at a later attempt (seed ${seed})`, () => {
  fc.assert(
    fc.property(fc.nat({ max: 100 }), chance, (attempt, draw) => {
      return backoffMs(limits, attempt + 1, draw) >= backoffMs(limits, attempt, draw);
    }),
    { seed },
  );
});

test("the draw spreads the pauses over the whole span, so devices do not come back together", () => {
  expect(backoffMs(limits, 20, 0)).toBe(limits.delayMsMin);
  expect(backoffMs(limits, 20, 0.999_999)).toBe(limits.delayMsMax);
  expect(backoffMs(limits, 0, 0.999_999)).toBe(2 * limits.delayMsMin);
});
