import {
  type CategoryProfile,
  driftLimits,
  type FeatureProfile,
  type OutputProfile,
  type ReferenceProfile,
  type SeasonalSlot,
} from "@modelfleet/protocol";
import { chiSquareGate } from "./chi-square-gate.ts";
import type { CalibratedThreshold, Signal } from "./signal.ts";

/** What is watched of a release by its profile: features, categories, then the classes and the confidence of each output. */
export function signalsOf(profile: ReferenceProfile): readonly Signal[] {
  const calibrated = calibratedBy(profile);
  return [
    ...profile.features.map((feature, index) => featureSignal(feature, index, calibrated)),
    ...(profile.categories ?? []).map((category, index) =>
      categorySignal(category, index, calibrated),
    ),
    ...profile.outputs.flatMap((output, index) => [
      classesSignal(output, index, calibrated),
      confidenceSignal(output, index, calibrated),
    ]),
  ];
}

/**
 * Items from which on something can be said of so many bins: as many as bring the gate down to a PSI of 0.1.
 *
 * @param bins that the reference fills
 */
export function samplesMinOf(bins: number): number {
  if (bins <= driftLimits.fewBinsMax) return driftLimits.samplesMinFewBins;
  if (bins <= driftLimits.manyBinsMax) return driftLimits.samplesMinManyBins;
  return Math.ceil(chiSquareGate(bins - 1) / driftLimits.psiWarn / 100) * 100;
}

type Calibrated = (psi: number | undefined) => CalibratedThreshold | null;

/** A threshold is worth nothing without knowing what it was made for. */
function calibratedBy({ calibration }: ReferenceProfile): Calibrated {
  return (psi) => {
    if (psi === undefined || calibration === undefined) return null;
    const { windowItems, ertWindows = null } = calibration;
    return { psi, windowItems, ertWindows };
  };
}

function featureSignal(feature: FeatureProfile, index: number, calibrated: Calibrated): Signal {
  const { name, edges, counts, seasonal = [], threshold } = feature;
  return {
    id: `feature:${name}`,
    kind: "feature",
    index,
    // The reference has nothing outside of its own bounds.
    reference: [0, ...counts, 0],
    edges: [feature.min, ...edges, feature.max],
    labels: intervals([feature.min, ...edges, feature.max]),
    samplesMin: samplesMinOf(filled(counts)),
    threshold: calibrated(threshold),
    seasonal: seasonal.map((slot) => ({ ...slot, counts: [0, ...slot.counts, 0] })),
  };
}

function categorySignal(category: CategoryProfile, index: number, calibrated: Calibrated): Signal {
  const { name, vocabulary, counts, seasonal = [], threshold } = category;
  return {
    ...{ id: `category:${name}`, kind: "category", index, reference: counts, edges: [] },
    labels: [...vocabulary, "other"],
    samplesMin: samplesMinOf(filled(counts)),
    threshold: calibrated(threshold),
    seasonal,
  };
}

function classesSignal(output: OutputProfile, index: number, calibrated: Calibrated): Signal {
  const { name, classes, counts, seasonal = [], threshold } = output;
  return {
    ...{ id: `output:${name}:classes`, kind: "classes", index, reference: counts, edges: [] },
    labels: classes,
    samplesMin: samplesMinOf(filled(counts)),
    threshold: calibrated(threshold),
    seasonal,
  };
}

function confidenceSignal(output: OutputProfile, index: number, calibrated: Calibrated): Signal {
  const { edges, counts, seasonal = [], threshold } = output.confidence;
  return {
    ...{ id: `output:${output.name}:confidence`, kind: "confidence", index, edges },
    reference: counts,
    labels: intervals(edges),
    samplesMin: samplesMinOf(filled(counts)),
    threshold: calibrated(threshold),
    seasonal: seasonal satisfies readonly SeasonalSlot[],
  };
}

function filled(counts: readonly number[]): number {
  return counts.reduce((bins, count) => bins + (count > 0 ? 1 : 0), 0);
}

function intervals(edges: readonly number[]): readonly string[] {
  const texts = edges.map((edge) => String(Number(edge.toPrecision(6))));
  return [`< ${texts[0] ?? "…"}`].concat(
    texts.map((text, i) =>
      i + 1 < texts.length ? `${text} … ${texts[i + 1] ?? ""}` : `≥ ${text}`,
    ),
  );
}
