import { digest8, type NumericSketch, Sha256, type TelemetryWindow } from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { checkWindow } from "../../../../controller/src/domain/telemetry/check-window.ts";
import { mergeWindows } from "../../../../controller/src/domain/telemetry/merge-windows.ts";
import { seededRandom } from "../../../support/random.ts";
import {
  observation,
  randomObservation,
  recorded,
  rows,
} from "../../../support/telemetry/observations.ts";
import {
  categoryOf,
  dayStartMs,
  emptyWindow,
  hourMs,
  profileDigest,
  referenceOf,
} from "../../../support/telemetry/windows.ts";

const seed = 17;
const profile = { reference: referenceOf(2), digest: profileDigest };
const receivedAtMs = dayStartMs + hourMs;
const good = measured(200);
const dayMs = 24 * hourMs;

test(`a window as a device measured it is taken (seed ${seed})`, () => {
  expect(checkWindow(good, { profile, receivedAtMs })).toEqual({ kind: "ok" });
  expect(checkWindow(emptyWindow, { profile: null, receivedAtMs })).toEqual({ kind: "ok" });
  // A device that could not read the profile still says how many requests it answered.
  expect(checkWindow(emptyWindow, { profile, receivedAtMs })).toEqual({ kind: "ok" });
});

test("sketches that have seen a tenth of the requests are taken, and add up by their items: nothing is multiplied", () => {
  const { sampleRate, requests, items, latency } = good;
  const tenth = {
    ...good,
    ...{ sampleRate: 0.1, requests: 10 * requests },
    latency: { ...latency, counts: latency.counts.map((count) => 10 * count) },
  };

  expect({ sampleRate, requests, items }).toEqual({ sampleRate: 1, requests: 200, items: 200 });
  expect(checkWindow(tenth, { profile, receivedAtMs })).toEqual({ kind: "ok" });
  const merged = mergeWindows([good, tenth]);
  expect(merged).toMatchObject({ windows: 2, requests: 2_200, items: 400 });
  expect(merged.features[0]?.counts).toEqual(good.features[0]?.counts.map((count) => 2 * count));
});

test.each<[string, number, boolean]>([
  ["starts 30 days before it arrived", -30 * dayMs, true],
  ["starts a millisecond earlier", -30 * dayMs - 1, false],
  ["ends 10 minutes ahead", 10 * 60_000 - hourMs, true],
  ["ends a millisecond later", 10 * 60_000 - hourMs + 1, false],
])("a window that %s", (_, startMs, taken) => {
  const window = { ...emptyWindow, startMs: receivedAtMs + startMs, durationMs: hourMs };

  const verdict = checkWindow(window, { profile: null, receivedAtMs });
  expect(verdict).toMatchObject(taken ? { kind: "ok" } : { reason: "TIME" });
});

test("a window of another profile, or of one nobody knows, is refused", () => {
  const foreign = { ...good, profile: digest8(Sha256.parse("00".repeat(32))) };

  expect(checkWindow(foreign, { profile, receivedAtMs })).toMatchObject({ reason: "PROFILE" });
  expect(checkWindow(good, { profile: null, receivedAtMs })).toMatchObject({ reason: "PROFILE" });
});

const feature = (changes: Partial<NumericSketch>) => ({
  features: good.features.map((sketch, i) => (i === 1 ? { ...sketch, ...changes } : sketch)),
});
const sketch = good.features[1];
const output = good.outputs[0];
if (sketch === undefined || output === undefined) throw new TypeError("expected sketches");
const oneMore = (counts: readonly number[]) =>
  counts.map((count, i) => (i === 5 ? count + 1 : count));

test.each<[string, string, Partial<TelemetryWindow>]>([
  ["BINS", "features:", { features: good.features.slice(1) }],
  ["BINS", "features:", { features: [...good.features, sketch] }],
  ["BINS", "outputs:", { outputs: [] }],
  ["BINS", "features[1].counts:", feature({ counts: [...sketch.counts, 0] })],
  ["BINS", "features[1].counts:", feature({ counts: sketch.counts.slice(1) })],
  ["BINS", "outputs[0].classCounts:", { outputs: [{ ...output, classCounts: [200] }] }],
  ["BINS", "outputs[0].confidenceCounts:", { outputs: [{ ...output, confidenceCounts: [200] }] }],
  ["COUNTS", "features[1].counts", feature({ counts: oneMore(sketch.counts) })],
  ["COUNTS", "features[1].counts + nan", feature({ nan: 1 })],
  ["COUNTS", "features[1].counts + nan", feature({ missing: 1 })],
  ["COUNTS", "features[1].min", feature({ min: 9 })],
  ["COUNTS", "features[1].sum:", feature({ sum: 200 * (sketch.max ?? 0) + 1 })],
  ["COUNTS", "features[1].sum:", feature({ sum: 200 * (sketch.min ?? 0) - 1 })],
  ["COUNTS", "features[1].sumOfSquares", feature({ sumOfSquares: -1 })],
  ["COUNTS", "features[1].sumOfSquares", feature({ sumOfSquares: 1e6 })],
  [
    "COUNTS",
    "outputs[0].classCounts",
    { outputs: [{ ...output, classCounts: oneMore(output.classCounts) }] },
  ],
  [
    "COUNTS",
    "outputs[0].confidenceCounts",
    { outputs: [{ ...output, confidenceCounts: oneMore(output.confidenceCounts) }] },
  ],
  ["COUNTS", "features[0].counts", { items: 201 }],
  ["COUNTS", "latency.counts", { requests: 201 }],
  ["COUNTS", "errors", { errors: [{ code: "A", count: 201 }] }],
  ["COUNTS", "items", { errors: [{ code: "A", count: 200 }] }],
  ["BINS", "features:", { profile: null, items: 0 }],
  ["COUNTS", "items", { profile: null }],
])("a window is refused for %s in %s", (reason, field, changes) => {
  const verdict = checkWindow({ ...good, ...changes }, { profile, receivedAtMs });

  expect(verdict).toMatchObject({ kind: "refused", reason });
  expect(verdict.kind === "refused" ? verdict.detail : "").toContain(field);
});

test("a late window may be 98 days old and no older", () => {
  const startMs = receivedAtMs - 98 * dayMs;
  const late = { ...emptyWindow, startMs, durationMs: hourMs, historical: true };
  const tooLate = { ...late, startMs: startMs - 1 };

  expect(checkWindow(late, { profile: null, receivedAtMs })).toEqual({ kind: "ok" });
  expect(checkWindow(tooLate, { profile: null, receivedAtMs })).toMatchObject({ reason: "TIME" });
  const punctual = { ...late, historical: false };
  expect(checkWindow(punctual, { profile: null, receivedAtMs })).toMatchObject({ reason: "TIME" });
});

const sites = { ...referenceOf(1), categories: [categoryOf("x", ["1", "2"])] };
const sited = siteWindow();
const siteSketch = sited.categories[0];
if (siteSketch === undefined) throw new TypeError("expected a category");
const oneRegister = new Uint8Array(48);
oneRegister[0] = 0x04;
const bare = { features: sited.features.map((each) => ({ ...each, min: null, max: null })) };
const noised = {
  ...{ epsilon: 1, ...bare },
  categories: [{ ...siteSketch, distinctOther: new Uint8Array(0) }],
};

const farOff = {
  ...{ counts: [-40, 43, 1], missing: -40 },
  distinctOther: new Uint8Array(0),
};

test.each<[string, Partial<TelemetryWindow>]>([
  ["as it was measured", {}],
  ["without bounds", bare],
  ["without what others there were", { categories: noised.categories }],
  ["with noise", noised],
  ["with as much noise as there can be", { ...noised, categories: [farOff] }],
])("a window with a category, %s, is taken", (_, changes) => {
  const profile = { reference: sites, digest: profileDigest };
  const verdict = checkWindow({ ...sited, ...changes }, { profile, receivedAtMs });

  expect(verdict).toEqual({ kind: "ok" });
});

test.each<[string, string, Partial<TelemetryWindow>]>([
  ["BINS", "categories:", { categories: [] }],
  ["BINS", "categories[0].counts:", { categories: [{ ...siteSketch, counts: [3] }] }],
  ["COUNTS", "categories[0].counts + missing", { categories: [{ ...siteSketch, missing: 1 }] }],
  [
    "COUNTS",
    "categories[0].distinctOther",
    { categories: [{ ...siteSketch, counts: [2, 1, 0], distinctOther: oneRegister }] },
  ],
  [
    "COUNTS",
    "categories[0].distinctOther",
    { categories: [{ ...siteSketch, distinctOther: new Uint8Array(48).fill(0xff) }] },
  ],
  ["COUNTS", "categories[0].distinctOther", { ...noised, categories: sited.categories }],
  ["COUNTS", "features[0].min", { ...noised, features: sited.features }],
  [
    "COUNTS",
    "features[0].counts",
    { ...noised, features: bare.features.map((each) => ({ ...each, nan: -41 })) },
  ],
  [
    "COUNTS",
    "features[0].counts",
    { ...noised, features: bare.features.map((each) => ({ ...each, nan: 44 })) },
  ],
  ["COUNTS", "features[0].sum:", { features: bare.features.map((each) => ({ ...each, sum: 99 })) }],
  [
    "COUNTS",
    "features[0].sumOfSquares:",
    { features: bare.features.map((each) => ({ ...each, sumOfSquares: 999 })) },
  ],
])("a window with a category is refused for %s in %s", (reason, field, changes) => {
  const profile = { reference: sites, digest: profileDigest };
  const verdict = checkWindow({ ...sited, ...changes }, { profile, receivedAtMs });

  expect(verdict).toMatchObject({ kind: "refused", reason });
  expect(verdict.kind === "refused" ? verdict.detail : "").toContain(field);
});

test("values that are all the same pass, whatever float32 made of their bounds", () => {
  const random = seededRandom(seed);
  for (let round = 0; round < 200; round++) {
    const base = randomObservation(random, 2);
    const [window] = recorded(profile.reference, new Array<typeof base>(777).fill(base));
    if (window === undefined) throw new TypeError("expected one window");
    expect(checkWindow(window, { profile, receivedAtMs })).toEqual({ kind: "ok" });
  }
});

/** Three items: the words 1 and 2, and another. */
function siteWindow(): TelemetryWindow {
  const inputs = [rows("x", [[1], [2], [0.5]])];
  const [window] = recorded(sites, [observation({ inputs })]);
  if (window === undefined) throw new TypeError("expected one window");
  return window;
}

function measured(requests: number): TelemetryWindow {
  const random = seededRandom(seed);
  const observations = Array.from({ length: requests }, () => randomObservation(random, 2));
  const [window] = recorded(profile.reference, observations);
  if (window === undefined) throw new TypeError("expected one window");
  return window;
}
