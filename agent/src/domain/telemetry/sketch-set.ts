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

/** The tensors of one request that a profile names, by name; and the rows of the longest. */
export interface OpenedRequest {
  readonly items: number;
  readonly tensors: ReadonlyMap<string, ItemView>;
}

export function createSketchSet(profile: ReferenceProfile): SketchSet {
  const features = profile.features.map((feature) => ({
    source: feature.source,
    counter: createNumericCounter(feature),
  }));
  const outputs = profile.outputs.map((output) => ({
    tensor: output.source.tensor,
    counter: createOutputCounter(output),
  }));

  function add({ items, tensors }: OpenedRequest): void {
    for (const { source, counter } of features) {
      const tensor = tensors.get(source.tensor);
      for (let item = 0; item < items; item++) {
        const present = tensor !== undefined && item < tensor.items;
        counter.add(present ? featureOf(tensor, item, source) : undefined);
      }
    }
    for (const output of outputs) {
      const tensor = tensors.get(output.tensor);
      if (tensor === undefined) continue;
      for (let item = 0; item < tensor.items; item++) output.counter.add(tensor, item);
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

/** Names of the tensors a profile looks at. */
export function tensorsNamedBy(profile: ReferenceProfile): ReadonlySet<string> {
  const sources = [...profile.features, ...profile.outputs];
  return new Set(sources.map(({ source }) => source.tensor));
}

/** Opens the named tensors of a request; of an input and an output of one name, the output. */
export function openRequest(named: ReadonlySet<string>, tensors: readonly Tensor[]): OpenedRequest {
  const opened = new Map<string, ItemView>();
  let items = 0;
  for (const tensor of tensors) {
    const view = named.has(tensor.name) ? openItems(tensor) : null;
    if (view === null) continue;
    opened.set(tensor.name, view);
    items = Math.max(items, view.items);
  }
  return { items, tensors: opened };
}
