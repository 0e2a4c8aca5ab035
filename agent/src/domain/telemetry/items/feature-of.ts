import type { FeatureSource } from "@modelfleet/protocol";
import type { ItemView } from "./element-reader.ts";

/**
 * The number a feature takes from one item.
 * `sd` is that of the whole population (divided by n). `range` bounds every reduction but `element`.
 *
 * @param source not a projection: those of one tensor are read together (`createProjections`)
 * @returns NaN when an element is NaN; undefined when the item has no such elements
 */
export function featureOf(
  tensor: ItemView,
  item: number,
  source: FeatureSource,
): number | undefined {
  if (source.reduce === "element") return elementOf(tensor, item, source.index ?? 0);
  const [from, to] = source.range ?? [0, tensor.size];
  if (from >= to || to > tensor.size) return undefined;
  const first = (item * tensor.size + from) * tensor.elementBytes;
  const end = first + (to - from) * tensor.elementBytes;
  switch (source.reduce) {
    case "mean":
      return meanOf(tensor, first, end);
    case "sd":
      return sdOf(tensor, first, end);
    case "min":
      return minOf(tensor, first, end);
    case "max":
      return maxOf(tensor, first, end);
    case "projection":
      throw new RangeError("expected a feature of its own, got a projection");
  }
}

function elementOf(tensor: ItemView, item: number, index: number): number | undefined {
  if (index >= tensor.size) return undefined;
  return tensor.read(tensor.view, (item * tensor.size + index) * tensor.elementBytes);
}

function meanOf({ view, read, elementBytes }: ItemView, first: number, end: number): number {
  let sum = 0;
  for (let at = first; at < end; at += elementBytes) sum += read(view, at);
  return (sum * elementBytes) / (end - first);
}

/** Two passes: the one-pass formula loses everything when the mean is large against the spread. */
function sdOf(tensor: ItemView, first: number, end: number): number {
  const { view, read, elementBytes } = tensor;
  const mean = meanOf(tensor, first, end);
  let squares = 0;
  for (let at = first; at < end; at += elementBytes) squares += (read(view, at) - mean) ** 2;
  return Math.sqrt((squares * elementBytes) / (end - first));
}

function minOf({ view, read, elementBytes }: ItemView, first: number, end: number): number {
  let least = Number.POSITIVE_INFINITY;
  // Math.min keeps a NaN; `<` would lose it.
  for (let at = first; at < end; at += elementBytes) least = Math.min(least, read(view, at));
  return least;
}

function maxOf({ view, read, elementBytes }: ItemView, first: number, end: number): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let at = first; at < end; at += elementBytes) most = Math.max(most, read(view, at));
  return most;
}
