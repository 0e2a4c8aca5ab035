import { type Random, seededRandom } from "../random.ts";
import { type DenseLayer, encodeDenseLayers } from "./dense-layers.ts";

/** Layer widths from input to output, at least two, and the seed of the weights. */
export type DenseNetwork = { readonly layers: readonly number[]; readonly seed: number };

/**
 * An untrained network as an ONNX file, for benches and tests of the machinery round a model:
 * `x` float32 [N, layers[0]] to `y` float32 [N, layers.at(-1)], probabilities. Same argument, same bytes.
 *
 * @throws RangeError when fewer than two widths are given or one is not a whole number of 1 or more
 */
export function denseNetwork({ layers, seed }: DenseNetwork): Uint8Array {
  if (layers.length < 2 || !layers.every((width) => Number.isInteger(width) && width >= 1)) {
    throw new RangeError(`expected two or more whole widths of at least 1, got [${layers.join()}]`);
  }
  const random = seededRandom(seed);
  return encodeDenseLayers(`dense-${layers.join("-")}`, randomLayers(layers, random));
}

/** Weights and biases uniform in ±√(6 / inputs), which keeps ReLU activations alive (He et al. 2015). */
export function randomLayers(widths: readonly number[], random: Random): DenseLayer[] {
  return widths.slice(1).map((outputs, i) => {
    const inputs = widths[i] ?? 0;
    const bound = Math.sqrt(6 / inputs);
    const uniform = () => (2 * random.next() - 1) * bound;
    return {
      inputs,
      outputs,
      weights: Float32Array.from({ length: inputs * outputs }, uniform),
      bias: Float32Array.from({ length: outputs }, () => uniform() / 10),
    };
  });
}
