import { PlanRate, rolloutLimits } from "@modelfleet/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  ratePerMinute,
  rateTokens,
} from "../../../../../../controller/src/domain/rollout/pacing/rate-tokens.ts";

const seed = 20_261_207;
const nobody = { offered: 0, succeeded: 0, offeredInMinute: 0, offeredInShare: 0 };

describe("a rate that stays the same", () => {
  const rate = PlanRate.parse({ perMinute: 120 });

  test("gives a twelfth of a minute's orders at once, not all of them", () => {
    expect(rateTokens(rate, nobody)).toBe(10);
    expect(rateTokens(rate, { ...nobody, offeredInShare: 9, offeredInMinute: 9 })).toBe(1);
    expect(rateTokens(rate, { ...nobody, offeredInShare: 10, offeredInMinute: 10 })).toBe(0);
  });

  test("gives what the minute has left, and nothing beyond it", () => {
    expect(rateTokens(rate, { ...nobody, offeredInMinute: 119 })).toBe(1);
    expect(rateTokens(rate, { ...nobody, offeredInMinute: 120 })).toBe(0);
    expect(rateTokens(rate, { ...nobody, offeredInMinute: 500 })).toBe(0);
  });

  test("of one a minute gives one, and then none until it is a minute old", () => {
    const slow = PlanRate.parse({ perMinute: 1 });

    expect(rateTokens(slow, nobody)).toBe(1);
    expect(rateTokens(slow, { ...nobody, offered: 1, offeredInMinute: 1 })).toBe(0);
    expect(rateTokens(slow, { ...nobody, offered: 1 })).toBe(1);
  });

  test("does not save up: a long break gives no more than a share", () => {
    expect(rateTokens(rate, { ...nobody, offered: 5_000 })).toBe(10);
  });
});

test("without a rate only the number under way is bounded", () => {
  expect(rateTokens(undefined, { ...nobody, offeredInMinute: 99_999 })).toBe(
    rolloutLimits.inFlightMax,
  );
});

describe("a rate that grows", () => {
  const rate = PlanRate.parse({
    perMinute: 10,
    factorPercent: 150,
    every: { offered: 100 },
    perMinuteMax: 40,
  });
  const after = (offered: number, succeeded = 0) => ratePerMinute(rate, { offered, succeeded });

  test("grows with every so many orders, rounded up, as far as it may", () => {
    expect([0, 99, 100, 199, 200, 300, 400, 1_000_000].map((offered) => after(offered))).toEqual([
      10, 10, 15, 15, 23, 35, 40, 40,
    ]);
  });

  test("grows with successes where the plan counts those", () => {
    const bySuccess = PlanRate.parse({ ...rate, every: { succeeded: 100 } });

    expect(ratePerMinute(bySuccess, { offered: 900, succeeded: 99 })).toBe(10);
    expect(ratePerMinute(bySuccess, { offered: 900, succeeded: 100 })).toBe(15);
  });

  test("grows even from one a minute by one percent", () => {
    const slow = PlanRate.parse({ ...rate, perMinute: 1, factorPercent: 101 });

    expect(
      [0, 100, 200, 300].map((offered) => ratePerMinute(slow, { offered, succeeded: 0 })),
    ).toEqual([1, 2, 3, 4]);
  });

  test("by a factor of one stays what it is, however often", () => {
    const flat = PlanRate.parse({ ...rate, factorPercent: 100, every: { offered: 1 } });

    expect(ratePerMinute(flat, { offered: 1_000_000, succeeded: 0 })).toBe(10);
  });
});

/** Gives orders whenever `rateTokens` has some, asking at these moments and after any restart knowing only the past. */
function giveOrders(rate: PlanRate, askedAtMs: readonly number[]): readonly number[] {
  const orders: number[] = [];
  for (const nowMs of askedAtMs) {
    const since = (spanMs: number) => orders.filter((atMs) => atMs > nowMs - spanMs).length;
    const tokens = rateTokens(rate, {
      offered: orders.length,
      succeeded: 0,
      offeredInMinute: since(rolloutLimits.rateSpanMs),
      offeredInShare: since(rolloutLimits.rateShareMs),
    });
    orders.push(...Array<number>(tokens).fill(nowMs));
  }
  return orders;
}

const moments = fc
  .array(fc.integer({ min: 1, max: 9_000 }), { minLength: 1, maxLength: 80 })
  .map((gaps) => gaps.map((_, index) => gaps.slice(0, index + 1).reduce((sum, gap) => sum + gap)));

test(`in no minute are there more orders than the rate says, whenever it is asked (seed ${seed})`, () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), moments, (perMinute, askedAtMs) => {
      const orders = giveOrders(PlanRate.parse({ perMinute }), askedAtMs);
      for (const fromMs of orders) {
        const inMinute = orders.filter(
          (atMs) => atMs >= fromMs && atMs < fromMs + rolloutLimits.rateSpanMs,
        );
        expect(inMinute.length).toBeLessThanOrEqual(perMinute);
      }
    }),
    { seed, numRuns: 100 },
  );
});

test.each([
  1, 7, 12, 60, 90, 1_000,
])("asked every second for ten minutes, %i a minute come to ten times that", (perMinute) => {
  const everySecond = Array.from({ length: 600 }, (_, second) => second * 1_000);

  expect(giveOrders(PlanRate.parse({ perMinute }), everySecond)).toHaveLength(10 * perMinute);
});
