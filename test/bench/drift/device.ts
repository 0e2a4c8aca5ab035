import { mainSlot, type ReferenceProfile } from "@modelfleet/protocol";
import { joinElements } from "../../../agent/src/domain/bytes-elements.ts";
import {
  createWindowRecorder,
  type Observation,
} from "../../../agent/src/domain/telemetry/windows/window-recorder.ts";
import { seededRandom } from "../../support/random.ts";
import { observation, randomObservation, rows } from "../../support/telemetry/observations.ts";
import {
  categoryOf,
  dayStartMs,
  hourMs,
  profileDigest,
  referenceOf,
  releaseDigest,
} from "../../support/telemetry/windows.ts";
import type { BenchLine, BenchPart } from "../bench-line.ts";
import { bestCpuNs } from "./cpu-time.ts";

const seed = 10;
const prepared = 256;
const featureNsMax = 100;

/** What measuring costs where the inference is: nanoseconds for each feature of each request, all else included. */
export const device: BenchPart = {
  name: "device",
  run: (progress) => {
    progress("elements, projections, words");
    const lines = [
      ...[16, 64].map((features) => elementLine(features)),
      projectionLine(64),
      projectionLine(384),
      wordLine(),
      closeLine(),
    ];
    return Promise.resolve(lines);
  },
};

function elementLine(features: number): BenchLine {
  const random = seededRandom(seed);
  const seen = Array.from({ length: prepared }, () => randomObservation(random, features));
  const ours = nsOf(referenceOf(features), seen) / features;
  const bare = bareNs(seen, features) / features;
  const what = `${features} features and one output, ns a feature of a request`;
  return {
    scenario: 10,
    what,
    ours,
    bare,
    limit: `≤ ${featureNsMax}`,
    holds: ours <= featureNsMax,
  };
}

/** 16 projections of one embedding: what is told is for one projection, the reading of the embedding included. */
function projectionLine(elements: number): BenchLine {
  const random = seededRandom(seed);
  const count = 16;
  const base = referenceOf(count);
  const reference: ReferenceProfile = {
    ...base,
    outputs: [],
    features: base.features.map((feature, index) => ({
      ...feature,
      source: { tensor: "x", reduce: "projection", index, seed },
    })),
  };
  const seen = Array.from({ length: 64 }, () =>
    observation({
      inputs: [rows("x", [Array.from({ length: elements }, () => random.normal())])],
    }),
  );
  const ours = nsOf(reference, seen) / count;
  const bare = bareNs(seen, elements);
  const nsMax = featureNsMax + elements;
  const what = `16 projections of ${elements} elements, ns a projection (bare: one sum)`;
  return { scenario: 10, what, ours, bare, limit: `≤ 100 + 1 an element`, holds: ours <= nsMax };
}

function wordLine(): BenchLine {
  const words = Array.from({ length: 16 }, (_, i) => `site-${i}`);
  const names = Array.from({ length: 16 }, (_, i) => `c${i}`);
  const reference: ReferenceProfile = {
    ...referenceOf(0),
    outputs: [],
    categories: names.map((name) => categoryOf(name, words)),
  };
  const random = seededRandom(seed);
  const seen = Array.from({ length: prepared }, () =>
    observation({
      inputs: names.map((name) => {
        const word = new TextEncoder().encode(`site-${random.below(16)}`);
        return { name, dtype: "string", shape: [1], bytes: joinElements([word]) } as const;
      }),
    }),
  );
  const ours = nsOf(reference, seen) / names.length;
  const what = "16 categories of texts, each its own tensor, ns a category";
  return { scenario: 10, what, ours, bare: null, limit: "≤ 1000", holds: ours <= 1_000 };
}

function closeLine(): BenchLine {
  const random = seededRandom(seed);
  const seen = Array.from({ length: prepared }, () => randomObservation(random, 64));
  const recorder = recorderOf(referenceOf(64));
  const measured = (round: number) => {
    const each = seen[round % prepared];
    if (each !== undefined) recorder.observe(each);
  };
  const open = bestCpuNs(2_000, measured);
  const closed = bestCpuNs(2_000, (round) => {
    measured(round);
    recorder.close(dayStartMs);
  });
  const ours = (closed - open) / 1e6;
  const what = "64 features, closing a window, ms";
  return { scenario: 10, what, ours, bare: null, limit: "≤ 2", holds: ours <= 2 };
}

function nsOf(reference: ReferenceProfile, seen: readonly Observation[]): number {
  const recorder = recorderOf(reference);
  return bestCpuNs(40_000, (round) => {
    const each = seen[round % seen.length];
    if (each !== undefined) recorder.observe(each);
  });
}

/** A sum for each element of the same requests, in an array of its own. */
function bareNs(seen: readonly Observation[], elements: number): number {
  const arrays = seen.map(({ inputs }) => {
    const bytes = inputs[0]?.bytes ?? new Uint8Array(0);
    return new Float32Array(bytes.buffer, bytes.byteOffset, elements);
  });
  const sums = new Float64Array(elements);
  return bestCpuNs(200_000, (round) => {
    const values = arrays[round % arrays.length];
    if (values === undefined) return;
    for (let i = 0; i < elements; i++) sums[i] = (sums[i] ?? 0) + (values[i] ?? 0);
  });
}

function recorderOf(reference: ReferenceProfile) {
  return createWindowRecorder({
    ...{ slot: mainSlot, release: releaseDigest, windowMs: hourMs },
    profile: { reference, digest: profileDigest },
    onClosed: () => undefined,
  });
}
