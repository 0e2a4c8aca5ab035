import {
  type CategoryProfile,
  DeviceId,
  digest8,
  emptyLatency,
  mainSlot,
  type NumericSketch,
  type ReferenceProfile,
  Sha256,
  type TelemetryBatch,
  type TelemetryWindow,
} from "@modelfleet/protocol";

export const releaseDigest = Sha256.parse("ab".repeat(32));
export const profileDigest = Sha256.parse("cd".repeat(32));
export const hourMs = 3_600_000;
/** A whole number of hours, so that windows are aligned. */
export const dayStartMs = Date.UTC(2026, 10, 21);

/** Features f0, f1 … each taking its element of the tensor `x`; one output of ten classes. */
export function referenceOf(features: number, bins = 20): ReferenceProfile {
  const edges = Array.from({ length: bins - 1 }, (_, i) => (4 * (i + 1)) / bins - 2);
  return {
    spec: 1,
    samples: 1_000,
    features: Array.from({ length: features }, (_, index) => ({
      name: `f${index}`,
      source: { tensor: "x", reduce: "element", index },
      edges,
      counts: new Array<number>(bins).fill(50),
      mean: 0,
      sd: 1,
      min: -3,
      max: 3,
    })),
    outputs: [outputOf(10, 20)],
  };
}

/** A category with these words, and what was seen of each in the reference: 10. */
export function categoryOf(
  name: string,
  vocabulary: readonly string[],
  index = 0,
): CategoryProfile {
  const counts = new Array<number>(vocabulary.length + 1).fill(10);
  return { name, source: { tensor: name, index }, vocabulary: [...vocabulary], counts };
}

function outputOf(classes: number, bins: number): ReferenceProfile["outputs"][number] {
  return {
    name: "digit",
    source: { tensor: "y" },
    kind: "classification",
    classes: Array.from({ length: classes }, (_, i) => `${i}`),
    counts: new Array<number>(classes).fill(100),
    confidence: {
      edges: Array.from({ length: bins - 1 }, (_, i) => (i + 1) / bins),
      counts: new Array<number>(bins).fill(50),
    },
  };
}

export const emptySketch: NumericSketch = {
  counts: [0, 0, 0],
  nan: 0,
  missing: 0,
  sum: 0,
  sumOfSquares: 0,
  min: 0,
  max: 0,
};

/** An idle window of a release without a profile. */
export const emptyWindow: TelemetryWindow = {
  slot: mainSlot,
  release: digest8(releaseDigest),
  profile: null,
  startMs: dayStartMs,
  durationMs: hourMs,
  clockSynced: true,
  historical: false,
  requests: 0,
  errors: [],
  latency: emptyLatency,
  items: 0,
  features: [],
  outputs: [],
  categories: [],
  sampleRate: 1,
  epsilon: null,
};

/** What a device sends of these windows. */
export function batchOf(windows: readonly TelemetryWindow[]): TelemetryBatch {
  return {
    device: DeviceId.parse("cabinet-7"),
    ...{ boot: 3, seq: 41, dropped: 2 },
    ...{ windows, feedback: [] },
  };
}
