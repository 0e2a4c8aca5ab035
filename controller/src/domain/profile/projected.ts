import { projectionSign } from "@modelfleet/protocol";

/**
 * One random projection of a vector, as a device computes it of a tensor: a signed sum in the order of the elements, over
 * the root of their number, so that its spread is that of one element.
 *
 * @param elements as a device reads them; shape [elements], at least one
 * @param seed of all projections of these elements
 * @param projection which of them
 * @returns NaN when an element is
 */
export function projected(elements: ArrayLike<number>, seed: number, projection: number): number {
  let sum = 0;
  for (let element = 0; element < elements.length; element++) {
    sum += projectionSign(seed, projection, element) * (elements[element] ?? 0);
  }
  return sum / Math.sqrt(elements.length);
}
