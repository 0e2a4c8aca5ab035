import type { FeatureProfile, NumericSketch } from "@modelfleet/protocol";
import type { ItemView } from "./element-reader.ts";
import { featureOf } from "./feature-of.ts";
import { createNumericCounter, type NumericCounter } from "./numeric-counter.ts";
import { createProjections, type Projections } from "./projections.ts";

/** The numeric sketches of the open window. */
export interface FeatureGroups {
  readonly add: (items: number, tensors: readonly (ItemView | null)[]) => void;
  /** In the order of the profile; then everything is zero again. */
  readonly take: () => readonly NumericSketch[];
}

/** Projections of the same elements, which are read once for all of them. */
interface ProjectionGroup {
  readonly tensor: number;
  readonly projections: Projections;
  readonly counters: readonly NumericCounter[];
}

/** @param named the tensors of a request, by their place in it */
export function createFeatureGroups(
  features: readonly FeatureProfile[],
  named: readonly string[],
): FeatureGroups {
  const all = features.map((feature) => ({ feature, counter: createNumericCounter(feature) }));
  const singles = all
    .filter(({ feature }) => feature.source.reduce !== "projection")
    .map(({ feature: { source }, counter }) => {
      return { source, tensor: named.indexOf(source.tensor), counter };
    });
  const groups = projectionGroups(
    all.filter(({ feature }) => feature.source.reduce === "projection"),
    named,
  );

  function add(items: number, tensors: readonly (ItemView | null)[]): void {
    for (const { source, tensor, counter } of singles) {
      const opened = tensors[tensor] ?? null;
      for (let item = 0; item < items; item++) {
        const present = opened !== null && item < opened.items;
        counter.add(present ? featureOf(opened, item, source) : undefined);
      }
    }
    for (const group of groups) addGroup(group, items, tensors[group.tensor] ?? null);
  }

  return { add, take: () => all.map(({ counter }) => counter.take()) };
}

function addGroup(
  { projections, counters }: ProjectionGroup,
  items: number,
  opened: ItemView | null,
): void {
  for (let item = 0; item < items; item++) {
    const present = opened !== null && item < opened.items && projections.read(opened, item);
    for (let which = 0; which < counters.length; which++) {
      counters[which]?.add(present ? projections.project(which) : undefined);
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
