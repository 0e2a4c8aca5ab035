import { psi } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import {
  sortedWords,
  vocabularyOf,
} from "../../../../controller/src/domain/profile/category-reference.ts";
import {
  type MakeProfileOptions,
  makeProfile,
  type ReferenceRows,
} from "../../../../controller/src/domain/profile/make-profile.ts";
import { seededRandom } from "../../../support/random.ts";

const HOUR_MS = 3_600_000;
/** A Monday. */
const MONDAY_MS = Date.UTC(2026, 10, 16);

const options: MakeProfileOptions = {
  windowItems: 500,
  calibration: { seed: 1, replicates: 500, quantile: 0.99 },
};

interface MadeOf {
  readonly values: readonly number[];
  readonly timesMs?: readonly number[];
}

function reference({ values, timesMs }: MadeOf): ReferenceRows {
  return {
    rows: values.length,
    numbers: [
      {
        name: "x",
        source: { tensor: "x", reduce: "element", index: 0 },
        values: Float64Array.from(values),
        missing: 0,
      },
    ],
    categories: [],
    outputs: [],
    timesMs: timesMs && Float64Array.from(timesMs),
  };
}

function normals(count: number, seed: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, random.normal);
}

describe("the thresholds of a profile", () => {
  test("are above nearly every window of the same law, and far below one of half a deviation", () => {
    const { profile } = makeProfile(reference({ values: normals(20_000, 3) }), options);
    const [{ edges, counts, threshold = 0 }] = profile.features as [(typeof profile.features)[0]];
    const psiOf = (values: readonly number[]) => {
      const current = new Array<number>(counts.length).fill(0);
      for (const value of values) {
        const bin = edges.filter((edge) => edge <= value).length;
        current[bin] = (current[bin] ?? 0) + 1;
      }
      return psi(counts, current);
    };

    const windows = Array.from({ length: 400 }, (_, seed) => psiOf(normals(500, 100 + seed)));
    const shifted = psiOf(normals(500, 7).map((value) => value + 0.5));

    expect(windows.filter((value) => value > threshold).length).toBeLessThanOrEqual(12);
    expect(shifted).toBeGreaterThan(2 * threshold);
  });

  test("are none with fewer rows than a window has, and there with as many", () => {
    const few = makeProfile(reference({ values: normals(499, 3) }), options).profile;
    const enough = makeProfile(reference({ values: normals(500, 3) }), options).profile;

    expect([few.calibration, few.features[0]?.threshold]).toEqual([undefined, undefined]);
    expect(enough.calibration).toMatchObject({ windowItems: 500, blockItems: 1 });
    expect(enough.features[0]?.threshold).toBeGreaterThan(0);
  });

  test("are one for all when they were chosen for the windows between two false alarms", () => {
    const one = reference({ values: normals(2_000, 3) });
    const [first] = one.numbers;
    const other = first && { ...first, name: "z", values: Float64Array.from(normals(2_000, 4)) };
    const both = { ...one, numbers: [...one.numbers, ...(other ? [other] : [])] };
    const calibration = { ...options.calibration, ertWindows: 100 };

    const apart = makeProfile(both, options).profile.features.map(({ threshold }) => threshold);
    const joint = makeProfile(both, { ...options, calibration }).profile;

    expect(new Set(joint.features.map(({ threshold }) => threshold)).size).toBe(1);
    expect(joint.features[0]?.threshold).toBeGreaterThanOrEqual(Math.max(...apart.map(Number)));
    expect(joint.calibration?.ertWindows).toBe(100);
  });

  test("are higher where neighbours in time are alike, in whatever order the file has them", () => {
    const random = seededRandom(5);
    let level = 0;
    const walk = Array.from({ length: 12_000 }, () => {
      level = 0.98 * level + 0.2 * random.normal();
      return level;
    });
    const minutes = walk.map((_, row) => MONDAY_MS + row * 60_000);
    const mixed = random.shuffled(walk.map((_, row) => row));
    const inFile = {
      values: mixed.map((row) => walk[row] ?? 0),
      timesMs: mixed.map((row) => minutes[row] ?? 0),
    };
    const thresholdOf = (made: MadeOf) =>
      makeProfile(reference(made), options).profile.features[0]?.threshold ?? 0;

    const timed = thresholdOf({ values: walk, timesMs: minutes });

    expect(timed).toBeGreaterThan(3 * thresholdOf({ values: walk }));
    expect(thresholdOf(inFile)).toBe(timed);
  });
});

describe("the seasons of a profile", () => {
  const weeks = (rowsPerHour: number) =>
    Array.from({ length: 14 * 24 * rowsPerHour }, (_, row) => {
      const hour = Math.floor(row / rowsPerHour);
      return MONDAY_MS + hour * HOUR_MS + (row % rowsPerHour) * 1_000;
    });

  test("are 48 hours when each has as many rows as a window", () => {
    // Of fourteen days, four are at a weekend.
    const timesMs = weeks(125);
    const { profile, seasons } = makeProfile(
      reference({ values: normals(timesMs.length, 3), timesMs }),
      options,
    );

    const seasonal = profile.features[0]?.seasonal ?? [];
    expect(seasons.kind).toBe("found");
    expect(seasonal).toHaveLength(48);
    const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
    expect(seasonal.map(({ weekend, counts }) => [weekend, total(counts)])).toEqual(
      seasonal.map(({ weekend }) => [weekend, weekend ? 500 : 1_250]),
    );
    expect(seasonal[24]).toMatchObject({ weekend: true, hour: 0 });
  });

  test("are none when one hour has one row less, and it is named", () => {
    const timesMs = weeks(125).slice(0, -1);
    const { profile, seasons } = makeProfile(
      reference({ values: normals(timesMs.length, 3), timesMs }),
      options,
    );

    expect(profile.features[0]?.seasonal).toBeUndefined();
    expect(seasons).toEqual({
      kind: "thin",
      place: { weekend: true, hour: 23 },
      rows: 499,
      rowsMin: 500,
    });
  });

  test("keep the threshold of a daily wave near that of noise alone", () => {
    const timesMs = weeks(125);
    const noise = normals(timesMs.length, 3);
    const wave = noise.map(
      (value, row) => value + Math.sin((2 * Math.PI * (timesMs[row] ?? 0)) / (24 * HOUR_MS)),
    );
    const thresholdOf = (values: readonly number[]) =>
      makeProfile(reference({ values, timesMs }), options).profile.features[0]?.threshold ?? 0;

    expect(thresholdOf(wave)).toBeLessThan(2.5 * thresholdOf(noise));
  });
});

describe("a vocabulary", () => {
  test("holds the most frequent words, of equally frequent ones the first", () => {
    const counts = new Map(
      Array.from({ length: 70 }, (_, i) => [`w${String(i).padStart(2, "0")}`, 1]),
    );
    counts.set("zebra", 5);

    const words = vocabularyOf(counts);

    expect(words).toHaveLength(64);
    expect([words[0], words.at(-2), words.at(-1)]).toEqual(["w00", "w62", "zebra"]);
  });

  test("holds words of 64 characters, and of 65 none", () => {
    const [fits, tooLong] = ["a".repeat(64), "b".repeat(65)];

    expect(
      vocabularyOf(
        new Map([
          [fits, 1],
          [tooLong, 9],
        ]),
      ),
    ).toEqual([fits]);
  });

  test("is sorted by value when all are numbers, else as NumPy's unique does", () => {
    expect(sortedWords(["10", "9", "-1.5"])).toEqual(["-1.5", "9", "10"]);
    expect(sortedWords(["10", "9", "b", "B"])).toEqual(["10", "9", "B", "b"]);
  });
});

test("what no row has a value for is left out by name", () => {
  const rows = reference({ values: [1, 2, 3] });
  const [first] = rows.numbers;
  const bare = first && { ...first, name: "bare", values: new Float64Array(3).fill(Number.NaN) };

  const { profile, empty } = makeProfile(
    { ...rows, numbers: [...rows.numbers, ...(bare ? [bare] : [])] },
    options,
  );

  expect(profile.features.map(({ name }) => name)).toEqual(["x"]);
  expect(empty).toEqual(["bare"]);
});
