import { distinctEstimate, type TelemetryWindow } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { roundedSum } from "../../../../controller/src/domain/telemetry/exact-sum.ts";
import {
  mergeTelemetry,
  mergeWindows,
} from "../../../../controller/src/domain/telemetry/merge-windows.ts";
import { type Random, seededRandom } from "../../../support/random.ts";
import { observation, recorded, rows } from "../../../support/telemetry/observations.ts";
import {
  categoryOf,
  dayStartMs,
  emptyWindow,
  hourMs,
  referenceOf,
} from "../../../support/telemetry/windows.ts";

const seed = 31_337;

test(`T6: 1,000 partitions and orders of 100,000 values of every kind merge to the same bytes (seed ${seed})`, () => {
  const random = seededRandom(seed);
  const values = strangeValues(random, 100_000);
  const windows = pieces(random, values, 120).map((part, i) => windowOf(part, i % 24));
  const expected = JSON.stringify(mergeWindows(windows));

  for (let round = 0; round < 1_000; round++) {
    const groups = partitionOf(random, windows);
    const merged = mergeTelemetry(groups.map(mergeWindows));
    // One in ten is held against it byte for byte, every one by its counts.
    if (round % 10 === 0) expect(JSON.stringify(merged)).toBe(expected);
    expect(countedIn(merged)).toBe(100_000);
  }
});

test(`windows merge to the same bytes in any order and grouping (seed ${seed})`, () => {
  const random = seededRandom(seed);
  const windows = Array.from({ length: 60 }, (_, i) => windowOf(strangeValues(random, 50), i));
  const expected = JSON.stringify(mergeWindows(windows));

  for (let round = 0; round < 1_000; round++) {
    const groups = partitionOf(random, windows);
    expect(JSON.stringify(mergeTelemetry(groups.map(mergeWindows)))).toBe(expected);
  }
});

test(`T6: however 100,000 values are cut into windows, nothing is lost (seed ${seed})`, () => {
  const random = seededRandom(seed);
  // Quarters add up without rounding on the device too, so even the sums are the same bytes.
  const values = strangeValues(random, 100_000).map((value) => Math.round(value * 4) / 4);
  const whole = mergeWindows([windowOf(values, 0)]);

  for (let round = 0; round < 5; round++) {
    const windows = partitionOf(random, values).map((part) => windowOf(part, 0));
    const { items, features } = mergeWindows(windows);
    expect(items).toBe(100_000);
    expect(JSON.stringify(features)).toBe(JSON.stringify(whole.features));
  }
  const [sketch] = whole.features;
  const counted = sketch?.counts.reduce((sum, count) => sum + count, 0) ?? 0;
  expect(counted + (sketch?.nan ?? 0)).toBe(100_000);
  expect(counted).toBeLessThan(100_000);
});

test("nothing merges to nothing, and adding nothing changes nothing", () => {
  const nothing = mergeWindows([]);
  const some = mergeWindows([windowOf([1, 2, 3], 0)]);

  expect(nothing).toMatchObject({ windows: 0, fromMs: null, untilMs: null, requests: 0 });
  expect(mergeTelemetry([nothing, some, nothing])).toEqual(some);
});

test("bounds, times, requests and errors are those of all windows together", () => {
  const merged = mergeWindows([
    { ...windowOf([5, -1], 2), errors: [{ code: "B", count: 1 }], requests: 3 },
    {
      ...windowOf([7], 0),
      errors: [
        { code: "A", count: 2 },
        { code: "B", count: 3 },
      ],
      requests: 6,
    },
    windowOf([], 1),
  ]);

  expect(merged).toMatchObject({
    windows: 3,
    fromMs: dayStartMs,
    untilMs: dayStartMs + 3 * hourMs,
    requests: 10,
    errors: [
      { code: "A", count: 2 },
      { code: "B", count: 4 },
    ],
  });
  expect(merged.features[0]).toMatchObject({ min: -1, max: 7, sum: [11] });
});

test("a window without sketches adds its requests to those that have them", () => {
  const merged = mergeWindows([emptyWindow, { ...emptyWindow, requests: 2 }, windowOf([1], 0)]);

  expect(merged.requests).toBe(3);
  expect(merged.features.map(({ sum }) => roundedSum(sum))).toEqual([1]);
});

test("categories add up, and what different others there were is told of all together", () => {
  const sites = { ...referenceOf(1), categories: [categoryOf("x", ["1", "2"])] };
  const windowOfSites = (values: readonly number[]) =>
    recorded(sites, [
      observation({
        inputs: [
          rows(
            "x",
            values.map((value) => [value]),
          ),
        ],
      }),
    ]);
  const windows = [[1, 1, 7], [2, 7, 8], [1], []].flatMap(windowOfSites);
  const [category] = mergeWindows(windows).categories;

  expect(category?.counts).toEqual([3, 1, 3]);
  expect(Math.round(distinctEstimate(Uint8Array.from(category?.distinctOther ?? [])))).toBe(2);
  expect(mergeTelemetry(windows.map((window) => mergeWindows([window])))).toEqual(
    mergeWindows(windows),
  );
});

test("bounds that one window does not tell are not known of all; noise is counted", () => {
  const open = windowOf([1, 2], 0);
  const features = open.features.map((sketch) => ({ ...sketch, min: null, max: null }));
  const merged = mergeWindows([open, { ...open, features, epsilon: 0.5 }, { ...open, epsilon: 2 }]);

  expect(merged.features[0]).toMatchObject({ min: null, max: null });
  expect(merged).toMatchObject({ noisedWindows: 2, epsilon: 0.5 });
  expect(mergeWindows([open])).toMatchObject({ noisedWindows: 0, epsilon: null });
});

test("windows of two profiles are never added up", () => {
  const [narrow] = recorded(referenceOf(1, 10), [observation({})]);
  const [wide] = recorded(referenceOf(1, 20), [observation({})]);
  const [two] = recorded(referenceOf(2, 20), [observation({})]);
  const together = (...windows: (TelemetryWindow | undefined)[]) =>
    mergeWindows(windows.filter((window) => window !== undefined));

  expect(() => together(narrow, wide)).toThrow(RangeError);
  expect(() => together(wide, two)).toThrow(RangeError);
  expect(() => together(wide, wide)).not.toThrow();
});

/** Normals of very different sizes, with everything a sensor can send in between. */
function strangeValues(random: Random, count: number): number[] {
  const rare = [-0, 0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-30, 3e4];
  return Array.from({ length: count }, () => {
    const value = rare[random.below(100)];
    return value ?? random.normal() * 10 ** random.below(4);
  });
}

/** One request of many items, one hour long. */
function windowOf(values: readonly number[], hour: number): TelemetryWindow {
  const inputs =
    values.length === 0
      ? []
      : [
          rows(
            "x",
            values.map((value) => [value]),
          ),
        ];
  const [window] = recorded(referenceOf(1), [
    observation({ inputs, latencyUs: 128 * (hour + 1), nowMs: dayStartMs }),
  ]);
  if (window === undefined) throw new TypeError("expected one window");
  const requests = values.length === 0 ? 1 : window.requests;
  return { ...window, requests, startMs: dayStartMs + hour * hourMs, durationMs: hourMs };
}

/** So many neighbouring parts of random lengths. */
function pieces(random: Random, values: readonly number[], count: number): number[][] {
  const cuts = Array.from({ length: count - 1 }, () => random.below(values.length));
  const bounds = [0, ...cuts.sort((left, right) => left - right), values.length];
  return bounds.slice(1).map((until, i) => values.slice(bounds[i], until));
}

function countedIn({ features }: ReturnType<typeof mergeWindows>): number {
  const [sketch] = features;
  const counted = sketch?.counts.reduce((sum, count) => sum + count, 0) ?? 0;
  return counted + (sketch?.nan ?? 0);
}

function partitionOf<Member>(random: Random, members: readonly Member[]): Member[][] {
  const groups = Array.from({ length: 1 + random.below(12) }, (): Member[] => []);
  for (const member of random.shuffled(members)) groups[random.below(groups.length)]?.push(member);
  return groups;
}
