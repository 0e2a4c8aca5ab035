import fc from "fast-check";
import { expect, test } from "vitest";
import { BinaryHeap } from "../../../../../../controller/src/domain/rollout/selection/binary-heap.ts";
import { stratifiedOrder } from "../../../../../../controller/src/domain/rollout/selection/stratified-order.ts";

const seed = 20_261_205;

/** Members are named for their stratum, so that an order shows what it is made of. */
function orderOf(sizes: readonly number[]): readonly number[] {
  return stratifiedOrder(sizes.map((size, stratum) => Array<number>(size).fill(stratum)));
}

function counts(order: readonly number[], strata: number): readonly number[] {
  return Array.from(
    { length: strata },
    (_, stratum) => order.filter((one) => one === stratum).length,
  );
}

const anySizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 });

test("of ninety and ten the first twenty are eighteen and two", () => {
  expect(counts(orderOf([90, 10]).slice(0, 20), 2)).toEqual([18, 2]);
});

test("every member has one place, in the order of its stratum", () => {
  expect([
    ...stratifiedOrder([
      ["a0", "a1", "a2", "a3"],
      ["b0", "b1"],
    ]),
  ]).toEqual(["a0", "b0", "a1", "a2", "b1", "a3"]);
  expect(stratifiedOrder([])).toEqual([]);
});

test(`in every beginning each stratum has its share, rounded up or down, where every share is at least one (seed ${seed})`, () => {
  fc.assert(
    fc.property(anySizes, (sizes) => {
      const order = orderOf(sizes);
      const total = order.length;
      for (let length = 1; length <= total; length += 1) {
        if (sizes.some((size) => size * length < total)) continue;
        const found = counts(order.slice(0, length), sizes.length);
        sizes.forEach((size, stratum) => {
          const share = (size * length) / total;
          expect(found[stratum]).toBeGreaterThanOrEqual(Math.floor(share));
          expect(found[stratum]).toBeLessThanOrEqual(Math.ceil(share));
        });
      }
    }),
    { seed, numRuns: 60 },
  );
});

test(`every stratum is present as soon as there is room for all, the larger ones first (seed ${seed})`, () => {
  fc.assert(
    fc.property(anySizes, (sizes) => {
      const first = orderOf(sizes).slice(0, sizes.length);

      expect(new Set(first).size).toBe(sizes.length);
      const firstSizes = first.map((stratum) => sizes[stratum] ?? 0);
      expect(firstSizes).toEqual(sizes.toSorted((left, right) => right - left));
    }),
    { seed },
  );
});

test("a single device of a kind is in the first cohort, and takes one place of it", () => {
  expect(counts(orderOf([999, 1]).slice(0, 10), 2)).toEqual([9, 1]);
  expect(counts(orderOf([999, 1]).slice(0, 1), 2)).toEqual([1, 0]);
});

test(`a heap gives its members from the least to the greatest (seed ${seed})`, () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (members) => {
      const heap = new BinaryHeap<number>((left, right) => left - right);
      for (const member of members) heap.push(member);

      expect(members.map(() => heap.pop())).toEqual(
        members.toSorted((left, right) => left - right),
      );
      expect(heap.pop()).toBeUndefined();
    }),
    { seed },
  );
});
