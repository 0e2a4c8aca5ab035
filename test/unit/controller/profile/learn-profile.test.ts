import { psi, ReferenceProfile, type TelemetryWindow, type TensorSpec } from "@modelfleet/protocol";
import { describe, expect, test } from "vitest";
import { binOf, countBins } from "../../../../controller/src/domain/profile/bin-of.ts";
import { gatherQuantiles } from "../../../../controller/src/domain/profile/learning/gather-quantiles.ts";
import {
  type LearnedWindows,
  learnProfile,
} from "../../../../controller/src/domain/profile/learning/learn-profile.ts";
import { learningProfile } from "../../../../controller/src/domain/profile/learning/learning-profile.ts";
import { rankedValues } from "../../../../controller/src/domain/profile/learning/ranked-values.ts";
import { mergeWindows } from "../../../../controller/src/domain/telemetry/merge-windows.ts";
import {
  type MeasuredItem,
  measuredWindow,
  normalItem,
} from "../../../support/profile/measured-window.ts";
import { type Random, seededRandom } from "../../../support/random.ts";
import {
  dayStartMs,
  hourMs,
  profileDigest,
  releaseDigest,
} from "../../../support/telemetry/windows.ts";

const seed = 20_261_121;
const x: TensorSpec = { name: "x", dtype: "float32", shape: [-1, 4] };
const y: TensorSpec = { name: "y", dtype: "float32", shape: [-1, 3] };
const { profile: learning } = learningProfile({ inputs: [x], outputs: [y] });

const strict = { isStrict: true, noise: null };

/** Of each cell the items of each device. */
type Cells = readonly (readonly (readonly MeasuredItem[])[])[];

interface Measuring {
  readonly reference?: ReferenceProfile;
  readonly privacy?: typeof strict;
  readonly labels?: LearnedWindows["labels"];
}

/** What the controller gathers of them. */
function measured(cells: Cells, { reference = learning, privacy, labels = [] }: Measuring = {}) {
  const random = seededRandom(seed);
  const gathered = gatherQuantiles();
  const windowsOf = (devices: Cells[number]): TelemetryWindow[] =>
    devices.map((items) =>
      measuredWindow({
        ...{ release: releaseDigest, profile: { reference, digest: profileDigest }, items, random },
        ...{ startMs: dayStartMs, windowMs: hourMs, ...(privacy && { privacy }) },
      }),
    );
  const added = cells.map((devices) => {
    const windows = windowsOf(devices);
    for (const window of windows) gathered.add(window);
    const ranked = Array.from(gathered.endCell(), (sketch) => sketch && rankedValues(sketch, 200));
    return { merged: mergeWindows(windows), ranked };
  });
  const origin = {
    cohort: "site=canary",
    devices: 1,
    windows: cells.length,
    fromMs: 0,
    untilMs: 1,
  };
  return { origin, cells: added, quantiles: gathered.all(), labels };
}

function learnt(cells: Cells, measuring: Measuring = {}) {
  const found = learnProfile(measuring.reference ?? learning, measured(cells, measuring));
  if (found === null) throw new Error("expected something to be learnt");
  return found;
}

/** Normal, skewed, one of five whole numbers, and always the same. */
function unlikeItem(random: Random): MeasuredItem {
  const { y: answer } = normalItem(random);
  const numbers = [1e6 + random.normal(), Math.exp(random.normal()), random.below(5), 7];
  return { x: numbers.map(Math.fround), y: answer };
}

type MakeItem = (random: Random) => MeasuredItem;

function itemsOf(count: number, make: MakeItem = normalItem, at = 1): readonly MeasuredItem[] {
  const random = seededRandom(seed + at);
  return Array.from({ length: count }, () => make(random));
}

function binned(edges: readonly number[], values: readonly number[]): number[] {
  return countBins(
    Uint8Array.from(values, (value) => binOf(edges, value)),
    edges.length + 1,
  );
}

describe("a profile learnt of 8 windows of 12 devices", () => {
  const cells: Cells = Array.from({ length: 8 }, (_, cell) =>
    Array.from({ length: 12 }, (_device, device) => itemsOf(400, unlikeItem, 12 * cell + device)),
  );
  const all = cells.flat(2);
  const { profile, leftOut } = learnt(cells);

  test("has the shares of the raw values between its edges, within the error of rank of the sketches (seed 20261121)", () => {
    for (const at of [0, 1]) {
      const { edges = [], counts = [] } = profile.features[at] ?? {};
      expect(edges).toHaveLength(19);
      let below = 0;
      for (const [i, edge] of edges.entries()) {
        below += counts[i] ?? 0;
        const exact = all.filter(({ x: values }) => (values[at] ?? 0) < edge).length;
        expect(Math.abs(below - exact) / all.length).toBeLessThan(0.0133);
        // Ninety-six sketches err apart from each other, so that together they err less than one.
        expect(Math.abs(below - exact) / all.length).toBeLessThan(0.002);
      }
      expect(below + (counts.at(-1) ?? 0)).toBe(all.length);
    }
  });

  test("is as good a yardstick as the raw values are", () => {
    for (const at of [0, 1]) {
      const { edges = [], counts = [] } = profile.features[at] ?? {};
      const exact = binned(
        edges,
        all.map(({ x: values }) => values[at] ?? 0),
      );
      expect(psi(counts, exact)).toBeLessThan(0.001);
    }
  });

  test("has a bin for each of few different values, and one of what never changes", () => {
    const [, , few, same] = profile.features;
    const exact = [0, 1, 2, 3, 4].map(
      (value) => all.filter(({ x: [, , v] }) => v === value).length,
    );
    expect(few?.edges).toEqual([0.5, 1.5, 2.5, 3.5]);
    for (const [bin, count] of exact.entries()) {
      expect(Math.abs((few?.counts[bin] ?? 0) - count) / all.length).toBeLessThan(0.004);
    }
    expect(same).toMatchObject({ edges: [], counts: [all.length], min: 7, max: 7, mean: 7, sd: 0 });
  });

  test("has least, most and mean as they were, and a spread that survives a mean of a million", () => {
    for (const [at, feature] of profile.features.entries()) {
      const values = all.map((item) => item.x[at] ?? 0);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const sd = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
      expect(feature.min).toBe(Math.min(...values));
      expect(feature.max).toBe(Math.max(...values));
      expect(feature.mean).toBeCloseTo(mean, 6);
      expect(Math.abs(feature.sd - sd)).toBeLessThanOrEqual(0.01 * sd);
      expect(feature).toMatchObject({ missingShare: 0, nanShare: 0 });
    }
  });

  test("has classes and confidence count for count, from one third on", () => {
    const [output] = profile.outputs;
    const classOf = ({ y: shares }: MeasuredItem) => shares.indexOf(Math.max(...shares));
    const edges = output?.confidence.edges ?? [];
    const confidence = binned(
      edges,
      all.map(({ y: shares }) => Math.max(...shares)),
    );
    expect(output?.counts).toEqual(
      [0, 1, 2].map((c) => all.filter((i) => classOf(i) === c).length),
    );
    expect(edges[0]).toBeCloseTo(1 / 3 + 2 / 150, 12);
    expect(output?.confidence.counts).toEqual(confidence);
    expect(output?.confidence.accuracy).toBeUndefined();
    expect(output?.errorShare).toBeUndefined();
  });

  test("is provisional, says where it comes from, and has no threshold: eight windows are too few for one", () => {
    expect(leftOut).toEqual([]);
    expect(profile).toMatchObject({ samples: all.length, provisional: true });
    expect(profile.learned).toMatchObject({ cohort: "site=canary", windows: 8 });
    expect(profile.learned?.restless?.psi).toBeLessThan(0.05);
    expect(JSON.stringify(profile)).not.toContain("threshold");
    expect(profile.features.some(({ quantiles }) => quantiles === true)).toBe(false);
    expect(ReferenceProfile.safeParse(profile).success).toBe(true);
  });

  test("is the same for the same windows", () => {
    expect(learnt(cells).profile).toEqual(profile);
  });
});

test("the window that was unlike the others is named, with its signal", () => {
  const random = seededRandom(seed);
  const moved = Array.from({ length: 1_000 }, () => normalItem(random, 2));
  const { profile } = learnt([[itemsOf(1_000)], [itemsOf(1_000, normalItem, 2)], [moved]]);

  expect(profile.learned?.restless?.signal).toBe("feature:x[0]");
  expect(profile.learned?.restless?.psi).toBeGreaterThan(0.25);
});

test("windows of fewer than 1,000 items have 10 bins", () => {
  const { profile } = learnt([[itemsOf(999)], [itemsOf(999)]]);
  expect(profile.features[0]?.counts).toHaveLength(10);
});

test.each([
  [99, undefined],
  [100, 0.07],
])("of %d labels the share of wrong answers is %s", (labelled, errorShare) => {
  const labels = [{ output: 0, labelled, errors: 7 }];
  const { profile } = learnt([[itemsOf(500)]], { labels });
  expect(profile.outputs[0]?.errorShare).toBe(errorShare);
});

test("under strict privacy classes are learnt and numbers are not, and no value is told", () => {
  const { profile, leftOut } = learnt([[itemsOf(2_000)]], { privacy: strict });

  expect(profile.features).toEqual([]);
  expect(profile.outputs).toHaveLength(1);
  expect(leftOut.map(({ name }) => name)).toEqual(["x[0]", "x[1]", "x[2]", "x[3]"]);
  expect(leftOut[0]?.why).toContain("strict privacy");
});

test("a number is learnt of 500 quantiles and not of 499, and one that nobody ever saw not at all", () => {
  expect(learnt([[itemsOf(500)]]).profile.features).toHaveLength(4);
  const few = learnt([[itemsOf(499)]]);
  expect(few.profile.features).toEqual([]);
  expect(few.leftOut[0]?.why).toContain("quantiles of 499 items came");
  const unseen = learnt([[itemsOf(600).map(({ x: [a = 0], y: of }) => ({ x: [a], y: of }))]]);
  expect(unseen.profile.features.map(({ name }) => name)).toEqual(["x[0]"]);
  expect(unseen.leftOut[0]).toEqual({ name: "x[1]", why: "no item has such a number" });
});

test("nothing is learnt where no item has anything that is asked for", () => {
  const reference = learningProfile({
    inputs: [{ ...x, name: "other", shape: [-1, 1] }],
    outputs: [],
  }).profile;
  expect(learnProfile(reference, measured([[itemsOf(600)]], { reference }))).toBeNull();
});

test("words are counted by name as far as somebody named them, and what is missing is a share", () => {
  const reference = learningProfile({
    ...{ inputs: [x], outputs: [] },
    words: [{ name: "grade", source: { tensor: "x", index: 2 }, vocabulary: ["0", "1"] }],
  }).profile;
  const items = itemsOf(3_000, unlikeItem);
  const { profile } = learnt([[items]], { reference });
  const of = (value: number) => items.filter(({ x: [, , v] }) => v === value).length;

  expect(reference.features.map(({ name }) => name)).toEqual(["x[0]", "x[1]", "x[3]"]);
  expect(profile.categories).toMatchObject([
    { vocabulary: ["0", "1"], counts: [of(0), of(1), of(2) + of(3) + of(4)], missingShare: 0 },
  ]);
});
