import * as z from "zod";
import { learningLimits } from "../learning-limits.ts";
import { driftLimits, telemetryLimits } from "../limits.ts";
import { LearnedFrom } from "./learned-from.ts";
import { quantileLimits } from "./quantile-sketch/quantile-sketch.ts";

const Count = z.int().min(0);
const Edges = z.array(z.number()).max(telemetryLimits.binsMax - 1);
const Counts = z.array(Count).min(1).max(telemetryLimits.binsMax);

/**
 * A number taken from one item (one row of the first dimension) of a tensor: the element at `index` (0 when
 * absent), or a reduction of the item's flattened elements [from, to). `sd` is that of the population.
 * `projection` is a signed sum of the elements over the root of their number, for embeddings: the signs are those of
 * projection `index` under `seed` (Rademacher; Achlioptas 2003, Database-friendly random projections).
 */
export const FeatureSource = z
  .object({
    tensor: z.string().min(1).max(256),
    reduce: z.enum(["element", "mean", "sd", "min", "max", "projection"]),
    index: z.int().min(0).optional(),
    seed: z.int().min(0).max(0xffff_ffff).optional(),
    range: z
      .tuple([z.int().min(0), z.int().min(1)])
      .refine(([from, to]) => from < to, "expected a range with at least one element")
      .optional(),
  })
  .refine(
    ({ reduce, seed }) => (reduce === "projection") === (seed !== undefined),
    "expected a seed with a projection, and with nothing else",
  );
export type FeatureSource = z.infer<typeof FeatureSource>;

/** Share of items, 0 … 1. */
const Share = z.number().min(0).max(1);

/** PSI above which a window of production size is unlike the reference's own windows, by block bootstrap. */
const Threshold = z.number().min(0).max(telemetryLimits.thresholdMax);

/** Reference counts of one hour of the day, UTC, on workdays or at the weekend; shape as that of `counts`. */
const SeasonalSlot = z.object({
  weekend: z.boolean(),
  hour: z.int().min(0).max(23),
  counts: z
    .array(Count)
    .min(1)
    .max(telemetryLimits.binsMax + 1),
});
export type SeasonalSlot = z.infer<typeof SeasonalSlot>;

const SeasonalSlots = z.array(SeasonalSlot).max(telemetryLimits.seasonalSlotsMax);

/** Reference of one numeric feature. Bin i = [edges[i-1], edges[i]); counts.length = edges.length + 1. */
export const FeatureProfile = z
  .object({
    name: z.string().min(1).max(64),
    source: FeatureSource,
    edges: Edges,
    counts: Counts,
    mean: z.number(),
    sd: z.number().min(0),
    min: z.number(),
    max: z.number(),
    /** Mean of the values in each bin; shape as that of `counts`. */
    binMeans: z.array(z.number()).max(telemetryLimits.binsMax).optional(),
    missingShare: Share.optional(),
    nanShare: Share.optional(),
    threshold: Threshold.optional(),
    seasonal: SeasonalSlots.optional(),
    /** Devices keep a sketch of its quantiles too, up to 2.4 KB a window; not for drift, which is judged by bins. */
    quantiles: z.boolean().optional(),
  })
  .refine(
    (feature) => feature.counts.length === feature.edges.length + 1,
    "expected one count more than edges",
  )
  .refine((feature) => isRising(feature.edges), "expected strictly rising edges")
  .refine((feature) => feature.min <= feature.max, "expected min at most max")
  .refine(
    ({ binMeans, counts }) => binMeans === undefined || binMeans.length === counts.length,
    "expected one mean a bin",
  )
  .refine(hasWholeSlots, "expected as many counts in each seasonal slot, each slot once");
export type FeatureProfile = z.infer<typeof FeatureProfile>;

/** An empty text, or one of nothing but space, is none: it counts as missing (protocol.md 6.9). */
const VocabularyWord = z
  .string()
  .max(64)
  .refine((word) => word.trim() !== "", "expected a word, got an empty text");

/** Reference of one categorical feature: an element of a tensor of texts or whole numbers, as text. */
export const CategoryProfile = z
  .object({
    name: z.string().min(1).max(64),
    source: z.object({
      tensor: z.string().min(1).max(256),
      index: z.int().min(0).optional(),
    }),
    /** What is told apart; everything else is counted as other. */
    vocabulary: z.array(VocabularyWord).min(1).max(telemetryLimits.vocabularyMax),
    /** One a word of the vocabulary, then other; shape [vocabulary + 1]. */
    counts: z
      .array(Count)
      .min(2)
      .max(telemetryLimits.vocabularyMax + 1),
    missingShare: Share.optional(),
    threshold: Threshold.optional(),
    seasonal: SeasonalSlots.optional(),
  })
  .refine(
    ({ vocabulary }) => new Set(vocabulary).size === vocabulary.length,
    "expected each word of the vocabulary once",
  )
  .refine(
    ({ vocabulary, counts }) => counts.length === vocabulary.length + 1,
    "expected one count more than words",
  )
  .refine(hasWholeSlots, "expected as many counts in each seasonal slot, each slot once");
export type CategoryProfile = z.infer<typeof CategoryProfile>;

/** Reference of a classifying output: class = argmax, confidence = the largest value of the item. */
export const OutputProfile = z
  .object({
    name: z.string().min(1).max(64),
    source: z.object({ tensor: z.string().min(1).max(256) }),
    kind: z.literal("classification"),
    classes: z.array(z.string().max(64)).min(2).max(telemetryLimits.classesMax),
    counts: z.array(Count).min(2).max(telemetryLimits.classesMax),
    confidence: z.object({
      edges: Edges,
      counts: Counts,
      /** Share of right answers among those of each bin, rising (isotonic regression); shape as that of `counts`. */
      accuracy: z.array(Share).max(telemetryLimits.binsMax).optional(),
      threshold: Threshold.optional(),
      seasonal: SeasonalSlots.optional(),
    }),
    /** Share of wrong answers, where the reference has labels. */
    errorShare: Share.optional(),
    /** Of the class counts. */
    threshold: Threshold.optional(),
    seasonal: SeasonalSlots.optional(),
  })
  .superRefine(({ name, classes, counts }, context) => {
    if (counts.length === classes.length) return;
    context.addIssue(
      `expected as many classes of output ${name} as it has counts, ${counts.length}, got ${classes.length}`,
    );
  })
  .refine(
    (output) => output.confidence.counts.length === output.confidence.edges.length + 1,
    "expected one confidence count more than edges",
  )
  .refine((output) => isRising(output.confidence.edges), "expected strictly rising edges")
  .refine(
    ({ confidence: { accuracy, counts } }) =>
      accuracy === undefined || accuracy.length === counts.length,
    "expected one accuracy a confidence bin",
  )
  .refine(hasWholeSlots, "expected as many counts in each seasonal slot, each slot once")
  .refine(
    ({ confidence }) => hasWholeSlots(confidence),
    "expected as many confidence counts in each seasonal slot, each slot once",
  );
export type OutputProfile = z.infer<typeof OutputProfile>;

/** How the thresholds of a profile were found (telemetry.md 2.1): what a test with them may be held against. */
export const ProfileCalibration = z.object({
  /** Items of a window the thresholds are for. */
  windowItems: z.int().min(1),
  /** Neighbouring rows that are drawn together, so that what follows each other in time stays together. */
  blockItems: z.int().min(1),
  replicates: z.int().min(1),
  /** Share of the reference's own windows below the threshold. */
  quantile: z.number().gt(0).lt(1),
  /**
   * When given, all thresholds are one: the (1 − 1/ertWindows) quantile of the largest PSI over all signals. It decides
   * alone then, and a cohort without drift exceeds it once in so many windows.
   */
  ertWindows: z.int().min(2).max(driftLimits.ertWindowsMax).optional(),
  seed: z.int().min(0).max(0xffff_ffff),
});
export type ProfileCalibration = z.infer<typeof ProfileCalibration>;

/** `profile.json`: what inputs and outputs looked like when the model was made (telemetry.md 2.1). */
export const ReferenceProfile = z
  .object({
    spec: z.literal(1),
    /** Rows, or items, that it rests on; 0 of a learning profile. */
    samples: z.int().min(0),
    features: z.array(FeatureProfile).max(telemetryLimits.featuresMax),
    outputs: z.array(OutputProfile).max(telemetryLimits.outputsMax),
    categories: z.array(CategoryProfile).max(telemetryLimits.categoriesMax).optional(),
    calibration: ProfileCalibration.optional(),
    /** It says what devices measure, and no reference of it yet: nothing is held against it (protocol.md 6.15). */
    learning: z.boolean().optional(),
    /** Learned from the first windows of a canary cohort: a person has to confirm it before it alarms. */
    provisional: z.boolean().optional(),
    learned: LearnedFrom.optional(),
  })
  .refine(
    ({ features, learning }) =>
      learning === true || features.filter(hasQuantiles).length <= quantileLimits.featuresMax,
    `expected at most ${quantileLimits.featuresMax} features with quantiles`,
  )
  .refine(
    ({ features, learning }) =>
      learning !== true || features.filter(hasQuantiles).length <= learningLimits.featuresMax,
    `expected at most ${learningLimits.featuresMax} features with quantiles while learning`,
  )
  // protocol.md 6.15.
  .refine(
    ({ samples, learning }) => (samples === 0) === (learning === true),
    "expected samples of 1 or more, and 0 while learning",
  )
  .refine(
    (profile) => profile.learning !== true || hasNoReference(profile),
    "expected counts of 0, no threshold and no origin while learning",
  )
  .refine(
    ({ learned, provisional }) =>
      learned === undefined || (learned.confirmed === undefined) === (provisional === true),
    "expected what was learned to be provisional, or confirmed by somebody, and not both",
  );
export type ReferenceProfile = z.infer<typeof ReferenceProfile>;

/** Whether devices keep its quantiles. */
export function hasQuantiles({ quantiles }: FeatureProfile): boolean {
  return quantiles === true;
}

interface WithoutReference {
  readonly features: readonly FeatureProfile[];
  readonly outputs: readonly OutputProfile[];
  readonly categories?: readonly CategoryProfile[] | undefined;
  readonly calibration?: ProfileCalibration | undefined;
  readonly provisional?: boolean | undefined;
  readonly learned?: LearnedFrom | undefined;
}

function hasNoReference(profile: WithoutReference): boolean {
  const { features, outputs, categories = [], calibration, provisional, learned } = profile;
  const confidences = outputs.map(({ confidence }) => confidence);
  const isEmpty = [...features, ...categories, ...outputs, ...confidences].every(
    ({ counts, threshold, seasonal }) =>
      counts.every((count) => count === 0) && threshold === undefined && seasonal === undefined,
  );
  return isEmpty && calibration === undefined && provisional !== true && learned === undefined;
}

interface Seasonal {
  readonly counts: readonly number[];
  readonly seasonal?: readonly SeasonalSlot[] | undefined;
}

function hasWholeSlots({ counts, seasonal = [] }: Seasonal): boolean {
  const names = new Set(seasonal.map(({ weekend, hour }) => `${weekend} ${hour}`));
  const isWhole = seasonal.every((slot) => slot.counts.length === counts.length);
  return isWhole && names.size === seasonal.length;
}

function isRising(edges: readonly number[]): boolean {
  return edges.every((edge, i) => i === 0 || edge > (edges[i - 1] ?? Number.NaN));
}
