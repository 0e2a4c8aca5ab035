import type { NumericSketch, OutputSketch, ReferenceProfile } from "@modelfleet/protocol";
import type { Tensor } from "../tensor.ts";
import { type ItemView, openItems } from "./element-reader.ts";
import { featureOf } from "./feature-of.ts";
import { createNumericCounter } from "./numeric-counter.ts";
import { createOutputCounter } from "./output-counter.ts";

/** Every sketch of the open window. */
export interface SketchSet {
  /** Takes in one answered request, given the tensors its profile names. */
  readonly add: (request: OpenedRequest) => void;
  /** The sketches so far; then everything is zero again. */
  readonly take: () => { features: readonly NumericSketch[]; outputs: readonly OutputSketch[] };
}

/** The tensors of one request that a profile names, in the order of `tensorsNamedBy`; and the rows of the longest. */
export interface OpenedRequest {
  readonly items: number;
  readonly tensors: readonly (ItemView | null)[];
}

/** One sketch for each feature and output, in the order of the profile. */
export function createSketchSet(profile: ReferenceProfile): SketchSet {
  const named = tensorsNamedBy(profile);
  const features = profile.features.map((feature) => ({
    source: feature.source,
    tensor: named.indexOf(feature.source.tensor),
    counter: createNumericCounter(feature),
  }));
  const outputs = profile.outputs.map((output) => ({
    tensor: named.indexOf(output.source.tensor),
    counter: createOutputCounter(output),
  }));

  function add({ items, tensors }: OpenedRequest): void {
    for (const { source, tensor, counter } of features) {
      const opened = tensors[tensor] ?? null;
      for (let item = 0; item < items; item++) {
        const present = opened !== null && item < opened.items;
        counter.add(present ? featureOf(opened, item, source) : undefined);
      }
    }
    for (const { tensor, counter } of outputs) {
      const opened = tensors[tensor] ?? null;
      if (opened === null) continue;
      for (let item = 0; item < opened.items; item++) counter.add(opened, item);
    }
  }

  function take() {
    return {
      features: features.map(({ counter }) => counter.take()),
      outputs: outputs.map(({ counter }) => counter.take()),
    };
  }

  return { add, take };
}

/** Names of the tensors a profile looks at, each once. */
export function tensorsNamedBy(profile: ReferenceProfile): readonly string[] {
  const sources = [...profile.features, ...profile.outputs];
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
  const tensors = named.map((name) => {
    const tensor = outputs.find(isNamed(name)) ?? inputs.find(isNamed(name));
    const opened = tensor === undefined ? null : openItems(tensor);
    items = Math.max(items, opened?.items ?? 0);
    return opened;
  });
  return { items, tensors };
}

/** What there is to count of a request without an answer. */
export const nothingOpened: OpenedRequest = { items: 0, tensors: [] };
