import {
  addToQuantiles,
  createQuantiles,
  mergeQuantiles,
  packQuantiles,
  type QuantileSketch,
  quantileLimits,
  quantilesOf,
  rankTable,
  unpackQuantiles,
} from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  quantileWorld,
  ringPart,
  worstRankError,
} from "../../../support/telemetry/quantile-world.ts";

const seed = 200;
const { below, nextBit, sketchOf, shuffledRanks } = quantileWorld(seed);

describe("few values", () => {
  test("are all held, so their quantiles are exact", () => {
    const sketch = sketchOf(ringPart(shuffledRanks(200), 0, 200));

    expect(quantilesOf(sketch, [0, 0.25, 0.5, 0.995, 1])).toEqual([0, 49, 99, 198, 199]);
  });

  test("of no value there is no quantile", () => {
    expect(quantilesOf(createQuantiles(), [0.5])).toEqual([]);
  });

  test("equal values are counted each", () => {
    const sketch = sketchOf(Array.from({ length: 10_000 }, (_, i) => (i % 10 === 0 ? 7 : 3)));

    expect(quantilesOf(sketch, [0.5, 0.85, 0.95])).toEqual([3, 3, 7]);
    expect(rankTable(sketch).ranks.at(-1)).toBe(10_000);
  });

  test.each([-0.1, 1.1, Number.NaN])("the share %d is none", (share) => {
    expect(() => quantilesOf(sketchOf([1]), [share])).toThrow(RangeError);
  });
});

describe("values", () => {
  test("at the bounds of float32 are taken in, and what rounds to −0 is 0", () => {
    const { magnitudeMax } = quantileLimits;
    const sketch = sketchOf([magnitudeMax, -magnitudeMax, -0, -1e-60]);

    expect(quantilesOf(sketch, [0, 0.5, 0.75, 1])).toEqual([-magnitudeMax, 0, 0, magnitudeMax]);
    expect(unpackQuantiles(packQuantiles(sketch))?.count).toBe(4);
  });

  test.each([
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    3.402824e38,
  ])("%d is refused, and nothing is counted", (value) => {
    const sketch = createQuantiles();

    expect(() => addToQuantiles(sketch, value, nextBit)).toThrow(RangeError);
    expect(sketch.count).toBe(0);
  });

  test.each([7, 4_097, 200.5, Number.NaN])("a k of %d is refused", (k) => {
    expect(() => createQuantiles(k)).toThrow(RangeError);
  });
});

describe("merging", () => {
  test("counts exactly in any order and grouping", () => {
    const parts = [3_000, 1, 0, 250, 40_000].map((size) => sketchOf(shuffledRanks(size)));
    const forth = mergedOf(parts);
    const back = mergedOf([mergedOf(parts.slice(3).reverse()), mergedOf(parts.slice(0, 3))]);

    expect([forth.count, back.count]).toEqual([43_251, 43_251]);
    expect(rankTable(back).ranks.at(-1)).toBe(43_251);
  });

  test("leaves the other as it was", () => {
    const other = sketchOf(shuffledRanks(5_000));
    const before = packQuantiles(other);
    mergeQuantiles(sketchOf(shuffledRanks(9_000)), other, nextBit);

    expect(packQuantiles(other)).toEqual(before);
  });

  test("is refused into a smaller k, and with itself", () => {
    const sketch = sketchOf([1, 2, 3]);

    expect(() => mergeQuantiles(sketch, createQuantiles(201), nextBit)).toThrow("expected k 200");
    expect(() => mergeQuantiles(sketch, sketch, nextBit)).toThrow(RangeError);
    expect(sketch.count).toBe(3);
  });

  test("is refused where the count would not be a safe integer", () => {
    const half = () => opened(bytesOf({ sizes: [...zeros(52), 1], values: [1] }));
    const rest = opened(bytesOf({ sizes: Array.from({ length: 52 }, () => 1), values: zeros(52) }));
    const into = half();
    mergeQuantiles(into, rest, nextBit);

    expect(into.count).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => mergeQuantiles(into, sketchOf([1]), nextBit)).toThrow("below 2^53");
    expect(() => mergeQuantiles(half(), half(), nextBit)).toThrow("below 2^53");
    expect(() => addToQuantiles(into, 1, nextBit)).toThrow("below 2^53");
  });
});

describe("bytes", () => {
  test.each([0, 1, 199, 201, 12_345])("of %i values come back as the very same", (size) => {
    const bytes = packQuantiles(sketchOf(shuffledRanks(size)));
    const again = opened(bytes);

    expect(again.count).toBe(size);
    expect(packQuantiles(again)).toEqual(bytes);
  });

  test("what came back takes in more and errs no more", () => {
    const order = shuffledRanks(20_000);
    const again = opened(packQuantiles(sketchOf(ringPart(order, 0, 10_000))));
    for (const value of ringPart(order, 10_000, 10_000)) addToQuantiles(again, value, nextBit);

    expect(again.count).toBe(20_000);
    expect(worstRankError(again, 20_000)).toBeLessThan(0.0133);
  });

  test.each([
    ["another form", bytesOf({ form: 2 })],
    ["another k", bytesOf({ k: 201 })],
    ["no level", bytesOf({ sizes: [], values: [] })],
    ["too many levels", bytesOf({ sizes: [...zeros(53), 1], values: [1] })],
    ["an empty top", bytesOf({ sizes: [2, 0] })],
    ["a value too few", bytesOf({ values: [1] })],
    ["a value too many", bytesOf({ values: [1, 2, 3] })],
    ["more values than such levels hold", bytesOf({ sizes: [201], values: zeros(201) })],
    ["falling values", bytesOf({ values: [2, 1] })],
    ["NaN", bytesOf({ values: [Number.NaN, 1] })],
    ["infinity", bytesOf({ values: [1, Number.POSITIVE_INFINITY] })],
    ["another zero", bytesOf({ values: [-0, 1] })],
    ["a count of 2^53", bytesOf({ sizes: [...zeros(52), 2] })],
    ["sizes cut off", bytesOf({}).subarray(0, 5)],
    ["a head cut off", bytesOf({}).subarray(0, 3)],
    ["one byte more", Uint8Array.of(...bytesOf({}), 0)],
    ["one byte less", bytesOf({}).subarray(0, -1)],
  ])("with %s are none", (_, bytes) => {
    expect(unpackQuantiles(bytes)).toBeUndefined();
  });

  test("whose neighbours are refused are taken", () => {
    expect(opened(bytesOf({})).count).toBe(2);
    expect(opened(bytesOf({ sizes: [200], values: zeros(200) })).count).toBe(200);
    expect(opened(bytesOf({ sizes: [...zeros(52), 1], values: [1] })).count).toBe(2 ** 52);
  });

  test(`with any one byte changed are none, or a sketch of the very same bytes, seed ${seed}`, () => {
    const bytes = packQuantiles(sketchOf(shuffledRanks(1_000)));
    let refused = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = bytes.slice();
      changed[at] = (changed[at] ?? 0) ^ (1 + below(255));
      const sketch = unpackQuantiles(changed);
      if (sketch === undefined) refused += 1;
      else expect(packQuantiles(sketch)).toEqual(changed);
    }

    expect(refused).toBeGreaterThan(0);
  });
});

function mergedOf(parts: readonly QuantileSketch[]): QuantileSketch {
  const merged = createQuantiles();
  for (const each of parts) mergeQuantiles(merged, each, nextBit);
  return merged;
}

function opened(bytes: Uint8Array): QuantileSketch {
  const sketch = unpackQuantiles(bytes);
  if (sketch === undefined) throw new Error("expected a sketch");
  return sketch;
}

function zeros(length: number): number[] {
  return Array.from({ length }, () => 0);
}

interface Written {
  readonly form?: number;
  readonly k?: number;
  readonly sizes?: readonly number[];
  readonly values?: readonly number[];
}

/** Written by hand from the words of pack-quantiles.ts. */
function bytesOf({ form = 1, k = 200, sizes = [2], values = [1, 2] }: Written): Uint8Array {
  const bytes = new Uint8Array(4 + 2 * sizes.length + 4 * values.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, form);
  view.setUint16(1, k, true);
  view.setUint8(3, sizes.length);
  for (const [i, size] of sizes.entries()) view.setUint16(4 + 2 * i, size, true);
  for (const [i, value] of values.entries()) {
    view.setFloat32(4 + 2 * sizes.length + 4 * i, value, true);
  }
  return bytes;
}
