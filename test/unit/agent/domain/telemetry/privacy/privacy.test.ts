import { randomBytes } from "node:crypto";
import {
  decodeWindow,
  digest8,
  encodeWindow,
  mainSlot,
  noiseMagnitudeMax,
  type ReferenceProfile,
  type TelemetryWindow,
} from "@modelfleet/protocol";
import { expect, test } from "vitest";
import { joinElements } from "../../../../../../agent/src/domain/bytes-elements.ts";
import {
  discreteLaplace,
  uniformFrom,
} from "../../../../../../agent/src/domain/telemetry/privacy/discrete-laplace.ts";
import type { SketchPrivacy } from "../../../../../../agent/src/domain/telemetry/privacy/guard-sketches.ts";
import { histogramsOf } from "../../../../../../agent/src/domain/telemetry/privacy/guard-sketches.ts";
import { spend } from "../../../../../../agent/src/domain/telemetry/privacy/privacy-account.ts";
import {
  createWindowRecorder,
  type Observation,
} from "../../../../../../agent/src/domain/telemetry/windows/window-recorder.ts";
import { checkWindow } from "../../../../../../controller/src/domain/telemetry/check-window.ts";
import { mergeWindows } from "../../../../../../controller/src/domain/telemetry/merge-windows.ts";
import { withoutNoise } from "../../../../../../controller/src/domain/telemetry/without-noise.ts";
import { type Random, seededRandom } from "../../../../../support/random.ts";
import {
  observation,
  randomObservation,
  rows,
} from "../../../../../support/telemetry/observations.ts";
import {
  categoryOf,
  dayStartMs,
  hourMs,
  profileDigest,
  referenceOf,
  releaseDigest,
} from "../../../../../support/telemetry/windows.ts";

const seed = 30;
const strict: SketchPrivacy = { isStrict: true, noise: null };
const withSites: ReferenceProfile = {
  ...referenceOf(3),
  categories: [categoryOf("site", ["nord", "west"])],
};

test(`T30: in strict privacy no raw value, no sum of values and no unseen word is in what is sent (seed ${seed})`, () => {
  const random = seededRandom(seed);
  for (let round = 0; round < 300; round++) {
    const values = [0, 1, 2].map(() => Math.fround(random.normal() * 10 ** random.below(3)));
    const word = `secret-${random.below(1e9)}`;
    const window = recordedWith(withSites, strict, [
      observation({ inputs: [rows("x", [values]), site(word)] }),
    ]);
    const bytes = Buffer.from(encodeWindow(window));

    for (const value of values) {
      for (const told of [value, value * value]) expect(bytes.includes(doubleOf(told))).toBe(false);
      expect(bytes.includes(floatOf(value))).toBe(false);
    }
    expect(bytes.includes(word)).toBe(false);
    expect(window.categories[0]).toMatchObject({ counts: [0, 0, 1], missing: 0 });
    expect(window.categories[0]?.distinctOther).toHaveLength(0);
    expect(window.features.every(({ min, max }) => min === null && max === null)).toBe(true);
    expect(verdictOf(window)).toEqual({ kind: "ok" });
  }
});

test("without strict privacy the same request does tell its value, so the check above sees it", () => {
  const window = recordedWith(withSites, { isStrict: false, noise: null }, [
    observation({ inputs: [rows("x", [[0.625, 1, 2]]), site("secret")] }),
  ]);
  const bytes = Buffer.from(encodeWindow(window));

  expect(bytes.includes(doubleOf(0.625))).toBe(true);
  expect(bytes.includes(floatOf(0.625))).toBe(true);
  // A word that the profile does not know stays on the device all the same.
  expect(bytes.includes("secret")).toBe(false);
  expect(window.categories[0]?.distinctOther).toHaveLength(48);
});

test("two requests in the same bins are the same bytes in strict privacy", () => {
  const [one, other] = [0.51, 0.55].map((value) =>
    recordedWith(referenceOf(1), strict, [observation({ inputs: [rows("x", [[value]])] })]),
  );

  expect(one).toEqual(other);
});

test("strict sums are those of the bins' means, and of the reference's bounds outside", () => {
  const [feature] = referenceOf(1, 2).features;
  if (feature === undefined) throw new TypeError("expected a feature");
  const reference = { ...referenceOf(1, 2), features: [{ ...feature, binMeans: [-1, 2] }] };
  const inputs = [rows("x", [[-0.5], [0.5], [0.7], [50]])];
  const window = recordedWith(reference, strict, [observation({ inputs })]);

  expect(window.features[0]).toMatchObject({ counts: [0, 1, 2, 1], sum: -1 + 4 + 3 });
  expect(window.features[0]?.sumOfSquares).toBe(1 + 8 + 9);
});

test(`T30: noise has the law it should have: every k, its mean and its spread (seed ${seed})`, () => {
  const random = seededRandom(seed);
  const epsilon = 0.5;
  const alpha = Math.exp(-epsilon);
  const draws = Array.from({ length: 200_000 }, () =>
    discreteLaplace(epsilon, () => 1 - random.next()),
  );
  for (const k of [-6, -2, -1, 0, 1, 2, 6]) {
    const share = draws.filter((draw) => draw === k).length / draws.length;
    const expected = ((1 - alpha) / (1 + alpha)) * alpha ** Math.abs(k);
    expect(Math.abs(share - expected)).toBeLessThan(5 * Math.sqrt(expected / draws.length));
  }
  const variance = draws.reduce((sum, draw) => sum + draw * draw, 0) / draws.length;
  expect(variance).toBeCloseTo((2 * alpha) / (1 - alpha) ** 2, 0);
});

test("noise never is further off than its bound, whatever the source says", () => {
  for (const epsilon of [0.001, 0.5, 1, 10]) {
    const most = discreteLaplace(epsilon, firstThen(2 ** -53, 1));
    const least = discreteLaplace(epsilon, firstThen(1, 2 ** -53));
    expect(most).toBeLessThanOrEqual(noiseMagnitudeMax(epsilon));
    expect(least).toBe(-most);
  }
  const uniform = uniformFrom((length) => new Uint8Array(length));
  expect(uniform()).toBe(2 ** -53);
  expect(uniformFrom((length) => new Uint8Array(length).fill(0xff))()).toBe(1);
});

test("T30: ε = 1 raises the PSI of a cohort of 50 devices by at most 0.001", () => {
  const random = seededRandom(seed);
  const reference = referenceOf(1, 20);
  const rounds = 20;
  let exact = 0;
  let noised = 0;
  for (let round = 0; round < rounds; round++) {
    const plain: TelemetryWindow[] = [];
    const hidden: TelemetryWindow[] = [];
    for (let device = 0; device < 50; device++) {
      const inputs = [rows("x", uniformValues(random, 200))];
      const requests = [observation({ inputs })];
      plain.push(recordedWith(reference, { isStrict: true, noise: null }, requests));
      hidden.push(recordedWith(reference, noiseOf(1), requests));
    }
    exact += psiOfCohort(plain, reference) / rounds;
    noised += psiOfCohort(hidden, reference) / rounds;
  }

  expect(noised - exact).toBeLessThanOrEqual(0.001);
  // Noise there is.
  expect(noised).not.toBe(exact);
});

test(`a window with noise survives the wire and is taken, counts below 0 and all (seed ${seed})`, () => {
  const random = seededRandom(seed);
  let below = 0;
  for (let round = 0; round < 50; round++) {
    const requests = Array.from({ length: 20 }, () => {
      const seen = randomObservation(random, 3);
      return { ...seen, inputs: [...seen.inputs, site("nord")] };
    });
    const window = recordedWith(withSites, noiseOf(0.3), requests);
    expect(decodeWindow(encodeWindow(window))).toEqual(window);
    expect(verdictOf(window)).toEqual({ kind: "ok" });
    expect(window).toMatchObject({ items: 20, epsilon: 0.3 });
    below += window.features.flatMap(({ counts }) => counts).filter((count) => count < 0).length;
  }
  expect(below).toBeGreaterThan(100);
});

test("the account of a day adds up ε by histogram and window, and begins anew with the next day", () => {
  const histograms = histogramsOf(withSites);
  const first = spend(null, { startMs: dayStartMs + hourMs, epsilon: 0.5, histograms });
  const second = spend(first, { startMs: dayStartMs + 2 * hourMs, epsilon: 0.5, histograms });
  const next = spend(second, { startMs: dayStartMs + 24 * hourMs, epsilon: 1, histograms });
  const late = spend(next, { startMs: dayStartMs + 23 * hourMs, epsilon: 1, histograms });

  // Three features, one category, and an output's classes and confidence.
  expect(histograms).toBe(6);
  expect(second).toEqual({ dayStartMs, epsilon: 6, windows: 2 });
  expect(next).toEqual({ dayStartMs: dayStartMs + 24 * hourMs, epsilon: 6, windows: 1 });
  expect(late).toEqual({ ...next, epsilon: 12, windows: 2 });
});

function recordedWith(
  reference: ReferenceProfile,
  privacy: SketchPrivacy,
  observations: readonly Observation[],
): TelemetryWindow {
  const windows: TelemetryWindow[] = [];
  const recorder = createWindowRecorder({
    ...{ slot: mainSlot, release: releaseDigest, windowMs: hourMs, privacy },
    profile: { reference, digest: profileDigest },
    onClosed: (window) => windows.push(window),
  });
  for (const each of observations) recorder.observe(each);
  recorder.close(dayStartMs + 1);
  const [window] = windows;
  if (window === undefined) throw new TypeError("expected one window");
  expect(window.release).toBe(digest8(releaseDigest));
  return window;
}

function noiseOf(epsilon: number): SketchPrivacy {
  const uniform = uniformFrom((length) => randomBytes(length));
  return { isStrict: true, noise: { epsilon, draw: () => discreteLaplace(epsilon, uniform) } };
}

function verdictOf(window: TelemetryWindow) {
  const profile = { reference: withSites, digest: profileDigest };
  return checkWindow(window, { profile, receivedAtMs: dayStartMs + hourMs });
}

function site(word: string) {
  const bytes = joinElements([new TextEncoder().encode(word)]);
  return { name: "site", dtype: "string", shape: [1], bytes } as const;
}

/** Spread over the reference's bins, all 20 of the same share. */
function uniformValues(random: Random, count: number): number[][] {
  return Array.from({ length: count }, () => [random.next() * 4 - 2]);
}

function psiOfCohort(windows: readonly TelemetryWindow[], reference: ReferenceProfile): number {
  const merged = mergeWindows(windows);
  const [feature] = reference.features;
  const expected = [0, ...(feature?.counts ?? []), 0];
  return psi(expected, withoutNoise(merged.features[0]?.counts ?? [], expected, merged));
}

/** telemetry.md 1.1, by hand: floor 1e-4 on both. */
function psi(reference: readonly number[], current: readonly number[]): number {
  const share = (counts: readonly number[]) => {
    const sum = counts.reduce((total, count) => total + count, 0);
    return counts.map((count) => Math.max(count / sum, 1e-4));
  };
  const p = share(reference);
  return share(current).reduce((sum, q, bin) => {
    const at = p[bin] ?? 0;
    return sum + (q - at) * Math.log(q / at);
  }, 0);
}

function doubleOf(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

function floatOf(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function firstThen(first: number, second: number): () => number {
  const values = [first, second];
  return () => values.shift() ?? 1;
}
