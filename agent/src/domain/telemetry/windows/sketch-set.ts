import type { BitSource, ReferenceProfile } from "@modelfleet/protocol";
import type { Tensor } from "../../tensor.ts";
import { type CategoryItems, createCategoryCounter } from "../counters/category-counter.ts";
import { createFeatureGroups } from "../counters/feature-groups.ts";
import { createOutputCounter } from "../counters/output-counter.ts";
import { type ItemView, openItems } from "../items/element-reader.ts";
import { openTexts, type TextItems } from "../items/text-items.ts";
import type { Sketches } from "../privacy/guard-sketches.ts";

/** Every sketch of the open window. */
export interface SketchSet {
  /** Takes in one answered request, given the tensors its profile names. */
  readonly add: (request: OpenedRequest) => void;
  /** The sketches so far; then everything is zero again. */
  readonly take: () => Sketches;
}

/** The tensors of one request that a profile names, in the order of `tensorsNamedBy`; and the rows of the longest. */
export interface OpenedRequest {
  readonly items: number;
  readonly tensors: readonly (ItemView | null)[];
  /** The same where they hold texts; undefined when the profile names no categories. */
  readonly texts?: readonly (TextItems | null)[];
}

/** One sketch for each feature, output and category, in the order of the profile. */
export function createSketchSet(profile: ReferenceProfile, nextBit?: BitSource): SketchSet {
  const named = tensorsNamedBy(profile);
  const features = createFeatureGroups(profile.features, named, nextBit);
  const outputs = profile.outputs.map((output) => ({
    tensor: named.indexOf(output.source.tensor),
    counter: createOutputCounter(output),
  }));
  const categories = (profile.categories ?? []).map((category) => ({
    tensor: named.indexOf(category.source.tensor),
    counter: createCategoryCounter(category),
  }));

  function add(request: OpenedRequest): void {
    const { items, tensors } = request;
    features.add(items, tensors);
    for (const { tensor, counter } of outputs) {
      const opened = tensors[tensor] ?? null;
      if (opened === null) continue;
      for (let item = 0; item < opened.items; item++) counter.add(opened, item);
    }
    for (const { tensor, counter } of categories) {
      const opened = categoryItems(request, tensor);
      for (let item = 0; item < items; item++) counter.add(opened, item);
    }
  }

  function take(): Sketches {
    return {
      features: features.take(),
      outputs: outputs.map(({ counter }) => counter.take()),
      categories: categories.map(({ counter }) => counter.take()),
    };
  }

  return { add, take };
}

function categoryItems({ tensors, texts = [] }: OpenedRequest, at: number): CategoryItems | null {
  const numbers = tensors[at] ?? null;
  const opened = texts[at] ?? null;
  return numbers === null && opened === null ? null : { numbers, texts: opened };
}

/** Names of the tensors a profile looks at, each once. */
export function tensorsNamedBy(profile: ReferenceProfile): readonly string[] {
  const sources = [...profile.features, ...profile.outputs, ...(profile.categories ?? [])];
  return [...new Set(sources.map(({ source }) => source.tensor))];
}

/** Opens the named tensors of a request; of an input and an output of one name, the output. */
export function openRequest(
  named: readonly string[],
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
): OpenedRequest {
  const isNamed = (name: string) => (tensor: Tensor) => tensor.name === name;
  let items = 0;
  const texts: (TextItems | null)[] = [];
  const tensors = named.map((name) => {
    const tensor = outputs.find(isNamed(name)) ?? inputs.find(isNamed(name));
    const opened = tensor === undefined ? null : openItems(tensor);
    const text = tensor === undefined ? null : openTexts(tensor);
    texts.push(text);
    items = Math.max(items, opened?.items ?? 0, text?.items ?? 0);
    return opened;
  });
  return { items, tensors, texts };
}

/** What there is to count of a request without an answer. */
export const nothingOpened: OpenedRequest = { items: 0, tensors: [] };
