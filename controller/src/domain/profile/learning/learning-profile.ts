import {
  type CategoryProfile,
  type FeatureProfile,
  type FeatureSource,
  learningLimits,
  type OutputProfile,
  ReferenceProfile,
  type TensorSpec,
  telemetryLimits,
} from "@modelfleet/protocol";
import { confidenceEdges } from "../confidence-edges.ts";

/** A feature to measure. */
export interface WatchedNumber {
  readonly name: string;
  readonly source: FeatureSource;
}

/** A category to measure, and the words that are told apart: no device ever names another one. */
export interface WatchedWords {
  readonly name: string;
  readonly source: CategoryProfile["source"];
  readonly vocabulary: readonly string[];
}

export interface LearningWishes {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** Instead of what the inputs suggest. */
  readonly numbers?: readonly WatchedNumber[] | undefined;
  readonly words?: readonly WatchedWords[] | undefined;
  /** Of the only output with classes, in the order of its values. */
  readonly classes?: readonly string[] | undefined;
}

/** What a release without a reference has its devices measure, and what of its tensors nobody looks at. */
export interface LearningProfile {
  readonly profile: ReferenceProfile;
  readonly unwatched: readonly string[];
}

/** What float32 can hold: no value lies outside. */
const MAGNITUDE_MAX = 3.4028234663852886e38;

const NAME_LENGTH_MAX = 64;

const REDUCTIONS = ["mean", "sd", "min", "max"] as const;

/**
 * One bin of every number, with its quantiles; words as they are given; classes and confidence of each output of numbers in
 * two dimensions.
 *
 * @throws z.ZodError when there are more features, words or classes than a profile holds
 */
export function learningProfile(wishes: LearningWishes): LearningProfile {
  const { inputs, outputs, words = [], classes } = wishes;
  const suggested = suggestedNumbers(inputs, words);
  const numbers = wishes.numbers ?? suggested.slice(0, learningLimits.featuresMax);
  const beyond = wishes.numbers === undefined ? suggested.slice(learningLimits.featuresMax) : [];
  const answers = outputs.flatMap((spec) => classifier(spec, classes) ?? []);
  const profile = ReferenceProfile.parse({
    ...{ spec: 1, samples: 0, learning: true },
    features: numbers.map(emptyFeature),
    outputs: answers,
    ...(words.length > 0 && { categories: words.map(emptyCategory) }),
  });
  const unwatched = [...tensorsBeside(profile, wishes), ...beyond.map(({ name }) => name)];
  return { profile, unwatched };
}

/** Each element of a small tensor, and of a larger one what sums it up. */
function suggestedNumbers(
  inputs: readonly TensorSpec[],
  words: readonly WatchedWords[],
): readonly WatchedNumber[] {
  const isWord = (tensor: string, index: number) =>
    words.some(({ source }) => source.tensor === tensor && (source.index ?? 0) === index);
  return inputs
    .filter(({ dtype }) => dtype !== "string")
    .flatMap((spec) => {
      const size = itemSize(spec);
      if (size === undefined || size > learningLimits.elementsMax) return reductionsOf(spec.name);
      return elementsOf(spec.name, size).filter(
        ({ source }) => !isWord(spec.name, source.index ?? 0),
      );
    });
}

function elementsOf(tensor: string, size: number): readonly WatchedNumber[] {
  return Array.from({ length: size }, (_, index) => ({
    name: size === 1 ? clipped(tensor) : clipped(tensor, `[${index}]`),
    source: { tensor, reduce: "element", index },
  }));
}

function reductionsOf(tensor: string): readonly WatchedNumber[] {
  return REDUCTIONS.map((reduce) => ({
    name: clipped(tensor, `.${reduce}`),
    source: { tensor, reduce },
  }));
}

/** A tensor's name may be longer than that of a feature. */
function clipped(tensor: string, ending = ""): string {
  return tensor.slice(0, NAME_LENGTH_MAX - ending.length) + ending;
}

function emptyFeature({ name, source }: WatchedNumber): FeatureProfile {
  return {
    ...{ name, source, edges: [], counts: [0], mean: 0, sd: 0 },
    ...{ min: -MAGNITUDE_MAX, max: MAGNITUDE_MAX, quantiles: true },
  };
}

function emptyCategory({ name, source, vocabulary }: WatchedWords): CategoryProfile {
  const counts = new Array<number>(vocabulary.length + 1).fill(0);
  return { name, source, vocabulary: [...vocabulary], counts };
}

/** @returns null for what is no list of one number for each class */
function classifier(
  { name, dtype, shape }: TensorSpec,
  named: readonly string[] | undefined,
): OutputProfile | null {
  const [, size, ...more] = shape;
  const isFloat = dtype === "float32" || dtype === "float64" || dtype === "float16";
  const count = size === -1 ? named?.length : size;
  const isKnown = isFloat && more.length === 0 && count !== undefined;
  if (!isKnown || count < 2 || count > telemetryLimits.classesMax) return null;
  const edges = [...confidenceEdges(1 / count)];
  return {
    ...{ name: clipped(name), source: { tensor: name }, kind: "classification" },
    classes: [...(named ?? Array.from({ length: count }, (_, index) => String(index)))],
    counts: new Array<number>(count).fill(0),
    confidence: { edges, counts: new Array<number>(edges.length + 1).fill(0) },
  };
}

/** Tensors that the profile does not look at. */
function tensorsBeside(
  { features, outputs, categories = [] }: ReferenceProfile,
  io: Pick<LearningWishes, "inputs" | "outputs">,
): readonly string[] {
  const sources = [...features, ...outputs, ...categories].map(({ source }) => source.tensor);
  const watched = new Set(sources);
  return [...io.inputs, ...io.outputs].map(({ name }) => name).filter((name) => !watched.has(name));
}

/** Elements of one item; undefined where the model leaves a dimension free. */
function itemSize({ shape }: TensorSpec): number | undefined {
  const [, ...rest] = shape;
  return rest.includes(-1) ? undefined : rest.reduce((size, dimension) => size * dimension, 1);
}
