import {
  type BitSource,
  type FeatureProfile,
  hasQuantiles,
  type NumericSketch,
} from "@modelfleet/protocol";
import type { ItemView } from "../items/element-reader.ts";
import { featureOf } from "../items/feature-of.ts";
import { createProjections, type Projections } from "../items/projections.ts";
import {
  createCounterStore,
  createNumericCounter,
  type NumericCounter,
} from "./numeric-counter.ts";
import { withQuantiles } from "./quantile-counter.ts";

/** The numeric sketches of the open window. */
export interface FeatureGroups {
  readonly add: (items: number, tensors: readonly (ItemView | null)[]) => void;
  /** In the order of the profile; then everything is zero again. */
  readonly take: () => readonly NumericSketch[];
}

interface SingleFeature {
  readonly source: FeatureProfile["source"];
  /** Its place in the item; undefined for what is worked out of several. */
  readonly element: number | undefined;
  readonly tensor: number;
  readonly counter: NumericCounter;
}

/** Projections of the same elements, which are read once for all of them. */
interface ProjectionGroup {
  readonly tensor: number;
  readonly projections: Projections;
  readonly counters: readonly NumericCounter[];
}

/**
 * @param named the tensors of a request, by their place in it
 * @param nextBit for the quantiles some features ask for; without it there are none
 */
export function createFeatureGroups(
  features: readonly FeatureProfile[],
  named: readonly string[],
  nextBit?: BitSource,
): FeatureGroups {
  const store = createCounterStore(features);
  const all = features.map((feature) => {
    const counter = createNumericCounter(feature, store);
    return { feature, counter: counterOf(feature, counter, nextBit) };
  });
  const counters = all.map(({ counter }) => counter);
  const singles: readonly SingleFeature[] = all
    .filter(({ feature }) => feature.source.reduce !== "projection")
    .map(({ feature: { source }, counter }) => {
      const element = source.reduce === "element" ? (source.index ?? 0) : undefined;
      return { source, element, tensor: named.indexOf(source.tensor), counter };
    });
  const groups = projectionGroups(
    all.filter(({ feature }) => feature.source.reduce === "projection"),
    named,
  );

  const value = new Float64Array(1);

  function add(items: number, tensors: readonly (ItemView | null)[]): void {
    for (const single of singles) {
      addSingle(single, { items, opened: tensors[single.tensor] ?? null, value });
    }
    for (const group of groups) {
      addGroup(group, { items, opened: tensors[group.tensor] ?? null, value });
    }
  }

  return { add, take: () => counters.map((counter) => counter.take()) };
}

/** The items of one tensor, and room for one number. */
interface Items {
  readonly items: number;
  readonly opened: ItemView | null;
  readonly value: Float64Array;
}

function addSingle({ source, element, counter }: SingleFeature, items: Items): void {
  const { opened, value } = items;
  for (let item = 0; item < items.items; item++) {
    if (opened === null || item >= opened.items) {
      counter.addMissing();
    } else if (element !== undefined && element < opened.size) {
      value[0] = opened.read(opened.view, (item * opened.size + element) * opened.elementBytes);
      counter.addAt(value, 0);
    } else {
      addReduced(featureOf(opened, item, source), counter, value);
    }
  }
}

function addReduced(
  reduced: number | undefined,
  counter: NumericCounter,
  value: Float64Array,
): void {
  if (reduced === undefined) {
    counter.addMissing();
    return;
  }
  value[0] = reduced;
  counter.addAt(value, 0);
}

function counterOf(
  feature: FeatureProfile,
  counter: NumericCounter,
  nextBit: BitSource | undefined,
): NumericCounter {
  return nextBit !== undefined && hasQuantiles(feature) ? withQuantiles(counter, nextBit) : counter;
}

function addGroup(
  { projections, counters }: ProjectionGroup,
  { items, opened, value }: Items,
): void {
  for (let item = 0; item < items; item++) {
    const present = opened !== null && item < opened.items && projections.read(opened, item);
    for (let which = 0; which < counters.length; which++) {
      if (present) value[0] = projections.project(which);
      if (present) counters[which]?.addAt(value, 0);
      else counters[which]?.addMissing();
    }
  }
}

interface Projected {
  readonly feature: FeatureProfile;
  readonly counter: NumericCounter;
}

function projectionGroups(all: readonly Projected[], named: readonly string[]): ProjectionGroup[] {
  const byElements = new Map<string, Projected[]>();
  for (const projected of all) {
    const { tensor, range } = projected.feature.source;
    const key = JSON.stringify([tensor, range ?? null]);
    byElements.set(key, [...(byElements.get(key) ?? []), projected]);
  }
  return [...byElements.values()].map((members) => ({
    tensor: named.indexOf(members[0]?.feature.source.tensor ?? ""),
    projections: createProjections(members.map(({ feature }) => feature.source)),
    counters: members.map(({ counter }) => counter),
  }));
}
