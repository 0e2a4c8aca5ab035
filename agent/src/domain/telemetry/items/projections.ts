import { type FeatureSource, projectionSign } from "@modelfleet/protocol";
import type { ItemView } from "./element-reader.ts";

/**
 * Several random projections of the same elements. The elements are read once for all of them and the signs are worked
 * out once for a length, so that one projection of an item is one pass over numbers that lie side by side.
 */
export interface Projections {
  /** Reads an item. @returns false when it has no such elements: then there is nothing to project */
  readonly read: (tensor: ItemView, item: number) => boolean;
  /** Of the item that was read: a sum with the signs of the projection, over the root of how many elements there are. */
  readonly project: (which: number) => number;
}

/** @param sources of one tensor and one range; shape of what `project` takes */
export function createProjections(sources: readonly FeatureSource[]): Projections {
  const range = sources[0]?.range;
  let elements = new Float64Array(0);
  let signs: readonly Float64Array[] = [];

  function read({ view, read: readAt, elementBytes, size }: ItemView, item: number): boolean {
    const [from, to] = range ?? [0, size];
    if (from >= to || to > size) return false;
    if (elements.length !== to - from) prepare(to - from);
    let at = (item * size + from) * elementBytes;
    for (let i = 0; i < elements.length; i += 1) {
      elements[i] = readAt(view, at);
      at += elementBytes;
    }
    return true;
  }

  function prepare(length: number): void {
    elements = new Float64Array(length);
    signs = sources.map(({ seed = 0, index = 0 }) =>
      Float64Array.from(elements, (_, i) => projectionSign(seed, index, i)),
    );
  }

  function project(which: number): number {
    const of = signs[which];
    return of === undefined ? Number.NaN : signedSum(of, elements) / Math.sqrt(elements.length);
  }

  return { read, project };
}

/** Four sums at a time: none waits for the one before. */
function signedSum(signs: Float64Array, elements: Float64Array): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const whole = elements.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    a += (signs[i] ?? 0) * (elements[i] ?? 0);
    b += (signs[i + 1] ?? 0) * (elements[i + 1] ?? 0);
    c += (signs[i + 2] ?? 0) * (elements[i + 2] ?? 0);
    d += (signs[i + 3] ?? 0) * (elements[i + 3] ?? 0);
  }
  for (let i = whole; i < elements.length; i += 1) a += (signs[i] ?? 0) * (elements[i] ?? 0);
  return a + b + (c + d);
}
