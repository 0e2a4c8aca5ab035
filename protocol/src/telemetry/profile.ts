import * as z from "zod";
import { telemetryLimits } from "../limits.ts";

const Count = z.int().min(0);
const Edges = z.array(z.number()).max(telemetryLimits.binsMax - 1);
const Counts = z.array(Count).min(1).max(telemetryLimits.binsMax);

/**
 * A number taken from one item (one row of the first dimension) of a tensor: the element at `index` (0 when
 * absent), or a reduction of the item's flattened elements [from, to). `sd` is that of the population.
 */
export const FeatureSource = z.object({
  tensor: z.string().min(1).max(256),
  reduce: z.enum(["element", "mean", "sd", "min", "max"]),
  index: z.int().min(0).optional(),
  range: z
    .tuple([z.int().min(0), z.int().min(1)])
    .refine(([from, to]) => from < to, "expected a range with at least one element")
    .optional(),
});
export type FeatureSource = z.infer<typeof FeatureSource>;

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
  })
  .refine(
    (feature) => feature.counts.length === feature.edges.length + 1,
    "expected one count more than edges",
  )
  .refine((feature) => isRising(feature.edges), "expected strictly rising edges")
  .refine((feature) => feature.min <= feature.max, "expected min at most max");
export type FeatureProfile = z.infer<typeof FeatureProfile>;

/** Reference of a classifying output: class = argmax, confidence = the largest value of the item. */
export const OutputProfile = z
  .object({
    name: z.string().min(1).max(64),
    source: z.object({ tensor: z.string().min(1).max(256) }),
    kind: z.literal("classification"),
    classes: z.array(z.string().max(64)).min(2).max(telemetryLimits.classesMax),
    counts: z.array(Count).min(2).max(telemetryLimits.classesMax),
    confidence: z.object({ edges: Edges, counts: Counts }),
  })
  .refine((output) => output.counts.length === output.classes.length, "expected one count a class")
  .refine(
    (output) => output.confidence.counts.length === output.confidence.edges.length + 1,
    "expected one confidence count more than edges",
  )
  .refine((output) => isRising(output.confidence.edges), "expected strictly rising edges");
export type OutputProfile = z.infer<typeof OutputProfile>;

/** `profile.json`: what inputs and outputs looked like when the model was made (telemetry.md 2.1). */
export const ReferenceProfile = z.object({
  spec: z.literal(1),
  samples: z.int().min(1),
  features: z.array(FeatureProfile).max(telemetryLimits.featuresMax),
  outputs: z.array(OutputProfile).max(telemetryLimits.outputsMax),
});
export type ReferenceProfile = z.infer<typeof ReferenceProfile>;

function isRising(edges: readonly number[]): boolean {
  return edges.every((edge, i) => i === 0 || edge > (edges[i - 1] ?? Number.NaN));
}
